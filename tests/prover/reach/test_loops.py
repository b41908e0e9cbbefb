"""Positions in a loop, and what a loop leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.prover.coverage import WatchedReference
from modelfile_kit.prover.reach.branches import reachable
from tests.prover.conftest import assert_found, outcomes_of

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


NS = "{% set n = namespace(x=0) %}"
LOOK = "{% if n.x == 1 %}{% endif %}"


@pytest.mark.parametrize(
    ("body", "text", "outcome"),
    [
        # `else` is executed where every item is left out, and where no round comes to its end
        (
            "{% for q in messages if q.role == 'z' %}{% else %}{% if m.content %}{% endif %}{% endfor %}",
            "m.content",
            True,
        ),
        (
            NS + "{% for q in messages if q.role == 'z' %}{% else %}{% set n.x = 1 %}{% endfor %}" + LOOK,
            "n.x == 1",
            True,
        ),
        (
            NS + "{% for q in messages %}{% set n.x = 1 %}{% break %}{% else %}" + LOOK + "{% endfor %}",
            "n.x == 1",
            True,
        ),
        (
            NS + "{% for q in messages %}{% set n.x = 1 %}{% continue %}{% else %}" + LOOK + "{% endfor %}",
            "n.x == 1",
            True,
        ),
        # where items are left out, or the list is another one inside, its length does not tell the last round
        (
            "{% for q in messages if q.role == 'user' %}{% if loop.last %}"
            "{% if loop.index == messages | length %}{% endif %}{% endif %}{% endfor %}",
            "loop.index == messages | length",
            False,
        ),
        (
            "{% for q in messages %}{% set messages = messages[:1] %}{% if loop.last %}"
            "{% if loop.index == messages | length %}{% endif %}{% endif %}{% endfor %}",
            "loop.index == messages | length",
            False,
        ),
        # in the test of a loop `loop` is that of the loop around
        (
            "{% for q in [1] if loop.previtem is defined and loop.previtem.content == 'x' %}{% else %}"
            "{% endfor %}",
            "loop.previtem.content == 'x'",
            False,
        ),
        (
            "{% for q in 'ab' if not loop.first %}{% if loop.first %}{% endif %}{% endfor %}",
            "loop.first",
            True,
        ),
        ("{% for m in messages if loop is defined %}{% endfor %}", "loop is defined", False),
        # what is asked a second time in a round has not changed
        (
            "{% for q in messages %}{% if loop.changed(q.role) %}"
            "{% if loop.changed(q.role) %}{% endif %}{% endif %}{% endfor %}",
            "loop.changed(q.role)",
            False,
        ),
    ],
)
def test_what_is_easily_missed(body: str, text: str, outcome: bool) -> None:
    assert_found(body, text, outcome)


@pytest.mark.parametrize("apart", [False, True])
def test_a_loop_is_followed_until_nothing_changes(apart: bool) -> None:
    """Five flags count to 31, which no limit of rounds cuts off."""
    carry = "{% set n.e = true %}"
    for flag in "dcba":
        carry = (
            "{% if not n.@ %}{% set n.@ = true %}{% else %}{% set n.@ = false %}".replace("@", flag) + carry
        )
        carry += "{% endif %}"
    template = (
        "{% set n = namespace(a=false, b=false, c=false, d=false, e=false) %}{% for i in range(40) %}"
        "{% if n.a and n.b and n.c and n.d and n.e %}{% endif %}" + carry + "{% endfor %}"
    )
    reference = WatchedReference(template, bos_token="", eos_token="")
    reference.render([{"role": "user", "content": ""}])
    found = reachable(reference.tree, "chat", len(reference.sites), bos_token="", eos_token="", apart=apart)
    number = next(s.number for s in reference.sites if s.text == "n.e")
    assert (number, True) in reference.hits
    assert {(n, min(o, 1)) for n, o in reference.hits} <= found.hits
    assert not found.limit
