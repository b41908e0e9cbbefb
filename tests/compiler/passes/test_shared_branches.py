"""What all branches begin or end with, row by row."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.shared_branches import hoist_shared_statements
from tests.compiler.passes.branches import A, C, otherwise

X, Y = go.Var(1, "x"), go.Var(2, "y")
P = go.Print(go.Root("P"))
T = go.Text
WORK = go.Range(1, go.Lit(3), (go.Set(X, go.Root("P")),), count=True)
SAME_WORK = go.Range(2, go.Lit(3), (go.Set(Y, go.Root("P")),), count=True)


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        # texts: at the end of a line or tag, or all of one
        (otherwise((T("<s>\na"), P), (T("<s>\nb"),)), (T("<s>\n"), *otherwise((T("a"), P), (T("b"),)))),
        (otherwise((T("[x] y"),), (T("[x]"),)), (T("[x]"), go.If(A, (T(" y"),)))),
        (otherwise((P, T("1<e>\n")), (T("2<e>\n"),)), (*otherwise((P, T("1")), (T("2"),)), T("<e>\n"))),
        # never through words, nor where one branch does not have it
        (otherwise((T("another"),), (T("a"),)), otherwise((T("another"),), (T("a"),))),
        (otherwise((T("You are"),), (T("You go"),)), otherwise((T("You are"),), (T("You go"),))),
        ((go.If(A, (T("<s>"),), ()),), (go.If(A, (T("<s>"),)),)),
        (
            otherwise((T("<s>1"),), (T("<s>2"),), (T("<t>3"),)),
            otherwise((T("<s>1"),), (T("<s>2"),), (T("<t>3"),)),
        ),
        (
            otherwise((T("<s>1"),), (T("<s>2"),), (T("<s>3"),)),
            (T("<s>"), *otherwise((T("1"),), (T("2"),), (T("3"),))),
        ),
        # statements that all end with
        (
            otherwise((P, go.If(C, (P,))), (T("x"), go.If(C, (P,)))),
            (*otherwise((P,), (T("x"),)), go.If(C, (P,))),
        ),
        # the same work under other names
        (
            otherwise(
                (go.Declare(X, go.Lit("")), WORK, go.Print(X)),
                (go.Declare(Y, go.Lit("")), SAME_WORK, T("-"), go.Print(Y)),
            ),
            (
                go.Declare(X, go.Lit("")),
                WORK,
                go.If(go.negate(A), (T("-"),)),
                go.Print(X),
            ),
        ),
    ],
)
def test_row(nodes: go.Nodes, expected: go.Nodes) -> None:
    assert hoist_shared_statements(nodes) == expected


@pytest.mark.parametrize(
    "nodes",
    [
        # what ends both needs what each declares
        otherwise((go.Declare(X, go.Root("A")), go.Print(X)), (go.Declare(X, go.Root("B")), go.Print(X))),
        # the work changes what the test asks
        (
            go.Declare(X, go.Lit("")),
            go.If(go.Atom(X), (WORK, P), (WORK, T("x"))),
        ),
    ],
)
def test_what_stays(nodes: go.Nodes) -> None:
    assert hoist_shared_statements(nodes) == nodes
