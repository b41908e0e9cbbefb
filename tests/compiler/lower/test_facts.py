"""What follows from tests that were answered."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.lower.facts import Facts

ROLE = go.Field(go.Item(1), "Role")
CALLS = go.Atom(go.Field(go.Item(1), "ToolCalls"))
LAST = go.Atom(go.call("eq", go.call("len", go.Root("Messages")), go.Lit(1)))


def role(name: str) -> go.Test:
    return go.equal(ROLE, go.Lit(name))


@pytest.mark.parametrize(
    ("known", "answer", "asked", "expected"),
    [
        (role("user"), True, role("user"), go.TRUE),
        (role("user"), True, role("tool"), go.FALSE),
        (role("user"), False, role("tool"), role("tool")),
        (role("user"), True, go.Atom(ROLE), go.TRUE),
        (go.both(role("user"), CALLS), True, CALLS, go.TRUE),
        (go.either(role("user"), CALLS), False, CALLS, go.FALSE),
        (go.negate(CALLS), True, go.both(CALLS, LAST), go.FALSE),
        (CALLS, True, go.both(CALLS, LAST), LAST),
        (CALLS, True, go.either(go.negate(CALLS), LAST), LAST),
    ],
)
def test_what_follows(known: go.Test, answer: bool, asked: go.Test, expected: go.Test) -> None:
    assert Facts().assume(known, answer).simplify(asked) == expected


def test_an_assigned_variable_is_known_no_more() -> None:
    var = go.Var(7)
    facts = Facts().assume(go.Atom(var)).assume(CALLS)
    assert facts.without([7]).simplify(go.Atom(var)) == go.Atom(var)
    assert facts.without([7]).simplify(CALLS) == go.TRUE
