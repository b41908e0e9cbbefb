"""Values given at the declaration instead of in a branch, row by row."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.default_values import use_default_values
from tests.compiler.passes.branches import A, B, otherwise

X, Y = go.Var(1, "x"), go.Var(2, "y")
P = go.Print(go.Root("P"))
S = go.Root("S")
CONTENT, COUNT = (go.Field(go.Item(9), name) for name in ("Content", "Count"))
T = go.Text


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        # a default instead of an else
        (
            (
                go.Declare(X, go.Lit("")),
                *otherwise((go.Set(X, go.Lit("a")),), (go.Set(X, go.Lit("b")),), (go.Set(X, go.Root("P")),)),
                go.Print(X),
            ),
            (
                go.Declare(X, go.Root("P")),
                go.If(A, (go.Set(X, go.Lit("a")),), (go.If(B, (go.Set(X, go.Lit("b")),)),)),
                go.Print(X),
            ),
        ),
        # a value that both branches begin with
        (
            (
                go.Declare(X, go.Lit("")),
                go.If(
                    A,
                    (go.Set(X, CONTENT), P),
                    (T("-"), go.Set(X, CONTENT), go.If(B, (go.Set(X, go.Lit("b")),))),
                ),
                go.Print(X),
            ),
            (
                go.Declare(X, CONTENT),
                go.If(A, (P,), (T("-"), go.If(B, (go.Set(X, go.Lit("b")),)))),
                go.Print(X),
            ),
        ),
    ],
)
def test_row(nodes: go.Nodes, expected: go.Nodes) -> None:
    assert use_default_values(nodes) == expected


@pytest.mark.parametrize(
    "nodes",
    [
        # one branch gives no value, or looks at the old one
        (go.Declare(X, go.Lit("")), *otherwise((P,), (go.Set(X, go.Lit("b")),)), go.Print(X)),
        (
            go.Declare(X, go.Lit("")),
            *otherwise((go.Print(X), go.Set(X, go.Lit("a"))), (go.Set(X, go.Lit("b")),)),
        ),
        (
            go.Declare(X, go.Lit("")),
            go.If(A, (go.Print(X), go.Set(X, S), P), (go.Set(X, S), T("x"))),
            go.Print(X),
        ),
        (go.Declare(X, go.Lit("")), go.If(A, (go.Set(X, S), P), (go.Set(X, P.expr), T("x"))), go.Print(X)),
    ],
)
def test_what_stays(nodes: go.Nodes) -> None:
    assert use_default_values(nodes) == nodes
