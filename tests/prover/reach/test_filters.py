"""Filters on abstract values."""

from __future__ import annotations

from typing import Any

import pytest

BOTH = {True, False}


@pytest.mark.parametrize(
    ("category", "condition", "possible"),
    [
        ("chat", "m.metadata | default('x') == 'x'", {True}),
        ("chat", "m.content | default('x') == 'x'", BOTH),
        ("chat", "m.content | default('x', true)", {True}),
        # only where it is true does the second argument replace what is empty
        ("chat", "m.content | default('x', false)", BOTH),
        ("chat", "m.content | default('x', boolean=false)", BOTH),
        ("chat", "m.content | default('x', m.content) == 'x'", BOTH),
        ("chat", "m.content | default(boolean=true)", BOTH),
        ("chat", "'' | default(boolean=true, default_value='x') == 'x'", {True}),
        ("chat", "'' | default('x', true) == 'x'", {True}),
        ("chat", "m.metadata | length == 0", {True}),
        ("chat", "'abc' | length == 3", {True}),
        ("chat", "m.content | length >= 0", {True}),
        ("chat", "' aB ' | trim | upper == 'AB'", {True}),
        ("chat", "m.content | trim", BOTH),
        ("chat", "m.metadata | trim == ''", {True}),
        ("chat", "m.content | tojson", {True}),
        ("chat", "m.content | replace('a', 'b') is string", {True}),
        ("chat", "m.content | length | string is string", {True}),
        ("chat", "messages | first == messages[0]", BOTH),
        ("chat", "messages | map(attribute='role') | list | length > 0", BOTH),
        ("chat", "messages | selectattr('role', 'equalto', 'system') | list", BOTH),
        ("chat", "m.content | selectattr('type', 'equalto', 'image') | list", {False}),
        ("chat", "(messages | list)[0].role is defined", {True}),
        ("chat", "(m | dictsort)[0] is defined", {True}),
        ("tools", "(m.tool_calls or []) | length == 0", BOTH),
        ("chat", "m.content | int == 0", BOTH),
        ("chat", "m.content | list | last is defined", BOTH),
    ],
)
def test_possible_outcomes(truths: Any, category: str, condition: str, possible: set[bool]) -> None:
    taken, found = truths(condition, category)
    assert taken <= found == possible
