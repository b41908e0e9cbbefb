"""What nothing depends on is dropped, and nothing else."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.dead_code import eliminate_dead_code

S = go.Root("S")
A = go.Atom(go.Root("A"))
X, Y = go.Var(1, "x"), go.Var(2, "y")


def last_of(var: go.Var, over: go.Expr, loop: int) -> go.Nodes:
    """A variable that a loop works out."""
    return go.Declare(var, go.Lit("")), go.Range(loop, over, (go.Set(var, go.Item(loop)),))


FIRST = last_of(X, S, 1)
SHOW_X = go.Print(X)


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ((*FIRST, go.Text("a")), (go.Text("a"),)),
        # a variable that only another useless one looks at
        (
            (*FIRST, go.Declare(Y, go.Lit(1)), go.If(go.Atom(X), (go.Set(Y, go.Lit(2)),)), go.Text("a")),
            (go.Text("a"),),
        ),
        ((*FIRST, SHOW_X), (*FIRST, SHOW_X)),
        # an end of a loop that shows something matters, and so does what decides it
        (
            (
                go.Declare(X, go.Lit(0)),
                go.Range(1, S, (go.If(go.Atom(X), (go.Break(),)), go.Set(X, go.Lit(1)), go.Text("a"))),
            ),
            (
                go.Declare(X, go.Lit(0)),
                go.Range(1, S, (go.If(go.Atom(X), (go.Break(),)), go.Set(X, go.Lit(1)), go.Text("a"))),
            ),
        ),
        ((go.Range(1, S, (go.If(A, (go.Break(),)),)), go.Text("a")), (go.Text("a"),)),
        ((go.If(A, (go.Fail("no"),)),), (go.If(A, (go.Fail("no"),)),)),
    ],
)
def test_what_nothing_depends_on_goes(nodes: go.Nodes, expected: go.Nodes) -> None:
    assert eliminate_dead_code(nodes) == expected
