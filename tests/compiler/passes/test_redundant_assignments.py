"""Assignments of what the variable holds already, row by row."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.redundant_assignments import drop_redundant_assignments

A = go.Atom(go.Root("A"))
X = go.Var(1, "x")
ONE, TWO = go.Lit(1), go.Lit(2)
FIRST, SAME, OTHER, SHOW = go.Declare(X, ONE), go.Set(X, ONE), go.Set(X, TWO), go.Print(X)


def over(*body: go.Node) -> go.Node:
    return go.Range(1, go.Root("L"), body)


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ((FIRST, SAME, SHOW), (FIRST, SHOW)),
        ((FIRST, go.If(A, (SAME, SHOW), (OTHER,))), (FIRST, go.If(A, (SHOW,), (OTHER,)))),
        ((FIRST, OTHER, go.Set(X, TWO), SHOW), (FIRST, OTHER, SHOW)),
    ],
)
def test_row(nodes: go.Nodes, expected: go.Nodes) -> None:
    assert drop_redundant_assignments(nodes) == expected


@pytest.mark.parametrize(
    "nodes",
    [
        # it may hold another one: after a branch, and on the next iteration
        (FIRST, go.If(A, (OTHER,)), SAME, SHOW),
        (FIRST, over(SAME, SHOW, OTHER)),
        # true and 1 are equal to Python alone
        (go.Declare(X, go.Lit("1")), SAME, SHOW),
        (FIRST, go.Set(X, go.Root("S")), SAME, SHOW),
    ],
)
def test_what_stays(nodes: go.Nodes) -> None:
    assert drop_redundant_assignments(nodes) == nodes
