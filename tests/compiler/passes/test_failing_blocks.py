"""Blocks that fail in any case, row by row."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.failing_blocks import drop_before_failure
from tests.compiler.passes.branches import A, B

FAIL, OTHER = go.Fail("no"), go.Fail("other")
BOTH = go.If(A, (FAIL,), (OTHER,))
T = go.Text("t")
V, W = go.Var(7, "v"), go.Var(8, "w")
ASKS = go.If(go.Atom(V), (FAIL,), (OTHER,))


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ((T, FAIL, T), (FAIL,)),
        ((T, BOTH), (BOTH,)),
        ((go.Range(1, go.Root("L"), (T, FAIL)), T), (go.Range(1, go.Root("L"), (FAIL,)), T)),
        # a variable tells which of two failures it is
        (
            (T, go.Declare(V, go.Lit(False)), go.If(B, (go.Set(V, go.Lit(True)), T)), T, ASKS),
            (go.Declare(V, go.Lit(False)), go.If(B, (go.Set(V, go.Lit(True)), T)), ASKS),
        ),
        (
            (go.Declare(W, go.Root("L")), go.Declare(V, W), go.Declare(go.Var(9, "x"), W), ASKS),
            (go.Declare(W, go.Root("L")), go.Declare(V, W), ASKS),
        ),
        # and a variable that is set beside it keeps its declaration
        (
            (go.Declare(W, go.Lit(1)), go.If(B, (go.Set(V, go.Lit(1)), go.Set(W, go.Lit(2)))), ASKS),
            (go.Declare(W, go.Lit(1)), go.If(B, (go.Set(V, go.Lit(1)), go.Set(W, go.Lit(2)))), ASKS),
        ),
        # another message comes first
        ((T, go.If(B, (OTHER,)), FAIL, T), (T, go.If(B, (OTHER,)), FAIL)),
        ((T, go.Include("part", go.Root("A")), FAIL), (T, go.Include("part", go.Root("A")), FAIL)),
        # it may be left before
        (
            (go.Range(1, go.Root("L"), (T, go.If(A, (go.Break(),)), FAIL)),),
            (go.Range(1, go.Root("L"), (T, go.If(A, (go.Break(),)), FAIL)),),
        ),
        # it may not fail
        ((T, go.If(A, (FAIL,)), T), (T, go.If(A, (FAIL,)), T)),
    ],
)
def test_row(nodes: go.Nodes, expected: go.Nodes) -> None:
    assert drop_before_failure(nodes) == expected
