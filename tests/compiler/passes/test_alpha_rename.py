"""Statements that differ in names only."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.alpha_rename import renamed, unified

X, Y, Z = go.Var(1, "x"), go.Var(2, "y"), go.Var(3, "z")


def test_renamed_everywhere() -> None:
    loop = go.Range(
        1, X, (go.If(go.Not(go.Atom(X)), (go.Set(X, go.call("len", X)),)), go.Print(go.Field(X, "A")))
    )
    expected = go.Range(
        1, Y, (go.If(go.Not(go.Atom(Y)), (go.Set(Y, go.call("len", Y)),)), go.Print(go.Field(Y, "A")))
    )
    assert renamed(loop, {X: Y}) == expected
    assert renamed(go.Include("strip", X), {X: go.Dot()}) == go.Include("strip", go.Dot())


@pytest.mark.parametrize(
    ("a", "b", "names"),
    [
        (go.Declare(X, go.Lit(1)), go.Declare(Y, go.Lit(1)), {Y: X}),
        (go.Declare(X, go.Lit(1)), go.Declare(Y, go.Lit(True)), None),
        (go.Range(1, Z, (go.Set(Z, go.Item(1)),)), go.Range(2, Z, (go.Set(Z, go.Item(2)),)), {}),
        (go.Range(1, Z, (go.Set(Z, go.Item(1)),)), go.Range(2, Z, (go.Set(Z, go.Index(2)),)), None),
        (go.Set(X, go.Lit(1)), go.Set(Y, go.Lit(1)), None),
        (
            go.If(go.Atom(Z), (go.Declare(X, go.Lit(1)), go.Print(X))),
            go.If(go.Atom(Z), (go.Declare(Y, go.Lit(1)), go.Print(Y))),
            {},
        ),
        (go.If(go.Atom(Z), (go.Break(),)), go.If(go.Not(go.Atom(Z)), (go.Break(),)), None),
    ],
)
def test_unified(a: go.Node, b: go.Node, names: dict[go.Var, go.Expr] | None) -> None:
    assert unified(a, b) == names
