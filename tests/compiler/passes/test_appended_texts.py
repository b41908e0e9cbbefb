"""Pieces appended in a row, row by row."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.appended_texts import append_at_once
from tests.compiler.passes.branches import A, B

X, Y = go.Var(1, "x"), go.Var(2, "y")
NAME = go.Root("Name")
FAIL = go.If(B, (go.Fail("no"),))


def append(form: str, *values: go.Expr, var: go.Var = X) -> go.Set:
    return go.Set(var, go.call("printf", go.Lit("%s" + form), var, *values))


OPTIONAL = go.call("or", go.call("and", A.expr, go.Lit("?")), go.Lit(""))


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ((append("a"), append("b")), (append("ab"),)),
        ((append("%s", NAME), append(" 5%%"), append("%s", NAME)), (append("%s 5%%%s", NAME, NAME),)),
        ((append("a"), go.If(A, (append("?"),))), (append("a%s", OPTIONAL),)),
        ((go.If(A, (append("?"),)), append("b")), (append("%sb", OPTIONAL),)),
        # what fails between them fails all the same
        ((append("a"), FAIL, append("b")), (FAIL, append("ab"))),
    ],
)
def test_row(nodes: go.Nodes, expected: go.Nodes) -> None:
    assert append_at_once(nodes) == expected


@pytest.mark.parametrize(
    "nodes",
    [
        (append("a"), append("b", var=Y)),
        (append("a"), go.Print(X), append("b")),
        (append("a"), go.Set(Y, X), append("b")),
        # the second piece is the text itself
        (append("a"), append("%s", X)),
        # the condition reads it
        (append("a"), go.If(go.Atom(X), (append("b"),))),
        (append("a"), go.If(go.Atom(X), (go.Fail("no"),)), append("b")),
        # optional ones alone are as clear as they are
        (go.If(A, (append("a"),)), go.If(B, (append("b"),))),
        # other verbs
        (append("%d", NAME), append("b")),
    ],
)
def test_what_stays(nodes: go.Nodes) -> None:
    assert append_at_once(nodes) == nodes
