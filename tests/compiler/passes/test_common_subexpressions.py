"""Computations that are made once, and those that are not the same."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.common_subexpressions import eliminate_common_subexpressions

S, Q = go.Root("S"), go.Root("Q")
A = go.Atom(go.Root("A"))
X, Y, Z = go.Var(1, "x"), go.Var(2, "y"), go.Var(3, "z")


def last_of(var: go.Var, over: go.Expr, loop: int) -> go.Nodes:
    """A variable that a loop works out."""
    return go.Declare(var, go.Lit("")), go.Range(loop, over, (go.Set(var, go.Item(loop)),))


FIRST, AGAIN = last_of(X, S, 1), last_of(Y, S, 2)
SHOW_X, SHOW_Y = go.Print(X), go.Print(Y)


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ((*FIRST, SHOW_X, *AGAIN, SHOW_Y), (*FIRST, SHOW_X, SHOW_X)),
        ((*FIRST, SHOW_X, go.If(A, (*AGAIN, SHOW_Y))), (*FIRST, SHOW_X, go.If(A, (SHOW_X,)))),
        (
            (*FIRST, SHOW_X, go.Range(5, Q, (*AGAIN, SHOW_Y))),
            (*FIRST, SHOW_X, go.Range(5, Q, (SHOW_X,))),
        ),
    ],
)
def test_work_is_eliminate_common_subexpressions(nodes: go.Nodes, expected: go.Nodes) -> None:
    assert eliminate_common_subexpressions(nodes) == expected


@pytest.mark.parametrize(
    "nodes",
    [
        (*FIRST, SHOW_X, *last_of(Y, Q, 2), SHOW_Y),  # from something else
        (*FIRST, go.Set(X, go.Lit("no")), SHOW_X, *AGAIN, SHOW_Y),  # the first has changed since
        (*FIRST, SHOW_X, *AGAIN, go.Set(Y, go.Lit("no")), SHOW_Y, SHOW_X),  # the second will change
        (go.If(A, (*FIRST, SHOW_X)), *AGAIN, SHOW_Y),  # the first is not seen here
        (  # what it is worked out from has changed
            go.Declare(Z, S),
            *last_of(X, Z, 1),
            SHOW_X,
            go.Set(Z, Q),
            *last_of(Y, Z, 2),
            SHOW_Y,
        ),
        (*FIRST, go.Range(5, Q, (*AGAIN, SHOW_Y, go.Set(X, go.Lit("later")))), SHOW_X),  # on the next turn
        (  # it writes as it goes
            go.Declare(X, go.Lit("")),
            go.Range(1, S, (go.Print(go.Item(1)),)),
            go.Declare(Y, go.Lit("")),
            go.Range(2, S, (go.Print(go.Item(2)),)),
        ),
    ],
)
def test_other_work_stays(nodes: go.Nodes) -> None:
    assert eliminate_common_subexpressions(nodes) == nodes
