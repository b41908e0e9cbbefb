"""Positions in a loop, and what a loop leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.prover.conftest import outcomes_of

BOTH = {True, False}


@pytest.mark.parametrize(
    ("condition", "possible"),
    [
        ("loop.first and loop.index0 > 0", {False}),
        ("loop.first or loop.index0 > 0", {True}),
        ("loop.first == (loop.index == 1)", {True}),
        ("loop.last or loop.index0 < messages | length - 1", {True}),
        ("loop.last and loop.index == messages | length", BOTH),
        ("loop.previtem is defined and loop.first", {False}),
        ("loop.index0 >= 0", {True}),
    ],
)
def test_positions(truths: Any, condition: str, possible: set[bool]) -> None:
    taken, found = truths(condition)
    assert taken <= found == possible


@pytest.mark.parametrize(
    ("template", "text", "possible"),
    [
        # What a round leaves in a namespace is there in the next one, not in the first.
        (
            "{% set ns = namespace(n=none) %}{% for m in messages %}{% if loop.first %}"
            "{% if ns.n %}{% endif %}{% endif %}{% set ns.n = 'x' %}{% endfor %}",
            "ns.n",
            {False},
        ),
        (
            "{% set ns = namespace(n=none) %}{% for m in messages %}{% set ns.n = 'x' %}{% endfor %}"
            "{% if ns.n %}{% endif %}",
            "ns.n",
            {True},
        ),
        # Keys of a known mapping come one by one, each with its own value.
        (
            "{% for m in messages %}{% for k in m if k != 'content' %}{% if m[k] %}{% endif %}"
            "{% endfor %}{% endfor %}",
            "m[k]",
            {True},
        ),
        (
            "{% for x in [] %}{% if x %}{% endif %}{% else %}{% if messages %}{% endif %}{% endfor %}",
            "messages",
            {True},
        ),
        ("{% for x in [] %}{% if x %}{% endif %}{% endfor %}", "x", set()),
        ("{% for a, b in [('x', ''), ('y', '')] %}{% if b %}{% endif %}{% endfor %}", "b", {False}),
    ],
)
def test_after_and_inside(template: str, text: str, possible: set[bool]) -> None:
    reference, taken, found = outcomes_of(template, "chat")
    assert taken <= found
    number = next(s.number for s in reference.sites if s.text == text and s.kind == "condition")
    assert {bool(o) for n, o in found if n == number} == possible
