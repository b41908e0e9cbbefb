"""One expression in the place of another."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.ir.operations import Strip
from modelfile_kit.compiler.passes.replaced import replaced

OLD, NEW, OTHER = go.Field(go.Root("A"), "B"), go.Var(1, "x"), go.Root("C")


def statements(e: go.Expr) -> go.Nodes:
    """An expression in every place where one can stand."""
    inside = go.call("len", go.Field(Strip(e), "Name"))
    test = go.both(go.Not(go.Atom(e)), go.either(go.equal(e, go.Lit("a")), go.Atom(inside)))
    return (
        go.Print(inside),
        go.Declare(go.Var(2, "y"), e),
        go.Set(go.Var(2, "y"), go.call("index", OTHER, e)),
        go.If(test, (go.Print(e),), (go.Include("part", e),)),
        go.Range(3, e, (go.If(go.Atom(OTHER), (go.Print(e), go.Break())),)),
        go.Text("text"),
    )


@pytest.mark.parametrize(
    "new", [NEW, go.Dot(), go.call("index", OLD, go.Lit(0))], ids=lambda e: type(e).__name__
)
def test_every_place_is_found(new: go.Expr) -> None:
    assert replaced(statements(OLD), OLD, new) == statements(new)


def test_what_does_not_hold_it_stays_the_same_object() -> None:
    nodes = statements(OTHER)
    assert replaced(nodes, OLD, NEW) is nodes


def test_numbers_and_truths_are_told_apart() -> None:
    nodes = (go.Print(go.Lit(1)), go.Print(go.call("len", go.Lit(True))))
    assert replaced(nodes, go.Lit(True), NEW) == (nodes[0], go.Print(go.call("len", NEW)))
