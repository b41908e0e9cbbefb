"""Variables that only become the value of another one."""

from __future__ import annotations

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.copy_propagation import propagate_copies

A, B = go.Atom(go.Root("Tools")), go.Atom(go.Root("Think"))
X, Y = go.Var(1, "x"), go.Var(2, "y")


def test_a_copy_is_the_thing_itself() -> None:
    nodes = (
        go.Declare(X, go.Lit("")),
        go.If(A, (go.Declare(Y, go.Root("System")), go.If(B, (go.Set(Y, go.Lit("b")),)), go.Set(X, Y))),
        go.Print(X),
    )
    system, choice = go.Set(X, go.Root("System")), go.If(B, (go.Set(X, go.Lit("b")),))
    assert propagate_copies(nodes)[1] == go.If(A, (system, choice))


def test_a_copy_of_what_changes_afterwards_stays() -> None:
    nodes = (
        go.Declare(X, go.Lit("")),
        go.Declare(Y, go.Root("System")),
        go.Set(X, Y),
        go.Set(Y, go.Lit("later")),
        go.Print(X),
        go.Print(Y),
    )
    assert propagate_copies(nodes) == nodes


def test_a_copy_that_an_exit_may_leave_out_stays() -> None:
    inner = (go.Declare(Y, go.Root("S")), go.If(A, (go.Break(),)), go.Set(X, Y))
    nodes = (go.Declare(X, go.Lit("")), go.Range(1, go.Root("L"), inner), go.Print(X))
    assert propagate_copies(nodes) == nodes
