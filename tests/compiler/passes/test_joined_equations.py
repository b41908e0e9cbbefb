"""Comparisons of one value, row by row."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.ir.printer import emit
from modelfile_kit.compiler.passes.joined_equations import join_equations

A, B = go.Root("A"), go.Root("B")


def equals(e: go.Expr, *texts: str) -> go.Test:
    return go.Atom(go.Call("eq", (e, *map(go.Lit, texts))))


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (go.either(equals(A, "a"), equals(A, "b")), 'eq .A "a" "b"'),
        (go.either(equals(A, "a"), equals(A, "b", "c"), equals(A, "d")), 'eq .A "a" "b" "c" "d"'),
        (go.negate(go.either(equals(A, "a"), equals(A, "b"))), 'not (eq .A "a" "b")'),
        (go.both(go.Atom(B), go.either(equals(A, "a"), equals(A, "b"))), 'and .B (eq .A "a" "b")'),
        # another value, another order, or both
        (go.either(equals(A, "a"), equals(B, "b")), 'or (eq .A "a") (eq .B "b")'),
        (go.either(equals(A, "a"), go.Atom(B), equals(A, "b")), 'or (eq .A "a") .B (eq .A "b")'),
        (go.both(equals(A, "a"), equals(A, "b")), 'and (eq .A "a") (eq .A "b")'),
    ],
)
def test_row(test: go.Test, expected: str) -> None:
    inner = go.If(test, (go.Text("x"),))
    nodes = join_equations((go.Range(1, go.Root("L"), (inner,)), inner))
    text = emit(nodes).replace("$.", ".")
    assert text.count("if " + expected + " }}x") == 2, text
