"""Fewer statements, the same output."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler import go
from modelfile_kit.compiler.simplify import simplify

A, B, C = go.Atom(go.Root("Tools")), go.Atom(go.Root("Think")), go.Print(go.Root("System"))
X, Y = go.Var(1, "x"), go.Var(2, "y")
COUNT = go.Range(1, go.Lit(3), (go.Set(X, go.Lit(1)),), count=True)


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ((go.Text("a"), go.Text("b")), (go.Text("ab"),)),
        ((go.If(A, (C,), (C,)),), (C,)),
        ((go.If(A, (), (C,)),), (go.If(go.negate(A), (C,)),)),
        ((go.If(A, (go.If(B, (C,)),)),), (go.If(go.both(A, B), (C,)),)),
        ((go.If(go.TRUE, (C,), (go.Text("x"),)),), (C,)),
        ((go.If(A, (go.Text("p"), C), (go.Text("p"),)),), (go.Text("p"), go.If(A, (C,)))),
        ((go.If(A, (C, go.Text("q")), (go.Text("q"),)),), (go.If(A, (C,)), go.Text("q"))),
        ((go.Declare(X, go.Lit(0)), COUNT, C), (C,)),
        ((go.Fail("no"), C), (go.Fail("no"),)),
    ],
)
def test_row(nodes: go.Nodes, expected: go.Nodes) -> None:
    assert simplify(nodes) == expected


def test_a_copy_is_the_thing_itself() -> None:
    nodes = (
        go.Declare(X, go.Lit("")),
        go.If(A, (go.Declare(Y, go.Root("System")), go.If(B, (go.Set(Y, go.Lit("b")),)), go.Set(X, Y))),
        go.Print(X),
    )
    assert simplify(nodes)[1] == go.If(A, (go.Set(X, go.Root("System")), go.If(B, (go.Set(X, go.Lit("b")),))))


def test_a_copy_of_what_changes_afterwards_stays() -> None:
    nodes = (
        go.Declare(X, go.Lit("")),
        go.Declare(Y, go.Root("System")),
        go.Set(X, Y),
        go.Set(Y, go.Lit("later")),
        go.Print(X),
        go.Print(Y),
    )
    assert simplify(nodes) == nodes
