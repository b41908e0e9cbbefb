"""Conditions that ask the same one after the other, row by row."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.merged_conditions import merge_conditions
from tests.compiler.passes.branches import A

NOT_A = go.negate(A)
X, Y = go.Var(1, "x"), go.Var(2, "y")
P = go.Print(go.Root("P"))
T = go.Text


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        # one question, asked once; what is declared between comes first
        (
            (go.If(A, (T("a"),)), go.Declare(X, go.Lit(1)), go.If(A, (go.Set(X, go.Lit(2)),)), go.Print(X)),
            (go.Declare(X, go.Lit(1)), go.If(A, (T("a"), go.Set(X, go.Lit(2)))), go.Print(X)),
        ),
        (
            (go.If(A, (T("a"),)), go.If(NOT_A, (T("b"),))),
            (go.If(A, (T("a"),), (T("b"),)),),
        ),
    ],
)
def test_row(nodes: go.Nodes, expected: go.Nodes) -> None:
    assert merge_conditions(nodes) == expected


@pytest.mark.parametrize(
    "nodes",
    [
        # the first branch changes the answer
        (
            go.Declare(X, go.Lit(1)),
            go.If(go.Atom(X), (P, go.Set(X, go.Lit(0)))),
            go.If(go.Atom(X), (P,)),
        ),
        # what is declared between is the first one's own, written out twice
        (
            go.If(A, (go.Declare(X, go.Lit("a")), go.Print(X))),
            go.Declare(X, go.Lit("b")),
            go.If(A, (P,)),
            go.Print(X),
        ),
        # a text stands between the questions
        (go.If(A, (P,)), T("-"), go.If(A, (P,))),
    ],
)
def test_what_stays(nodes: go.Nodes) -> None:
    assert merge_conditions(nodes) == nodes
