"""Conditions and branches of which something is known, row by row."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.fold import fold

A, B, C = go.Atom(go.Root("Tools")), go.Atom(go.Root("Think")), go.Print(go.Root("System"))


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ((go.Text("a"), go.Text("b")), (go.Text("ab"),)),
        ((go.If(A, (C,), (C,)),), (C,)),
        ((go.If(A, (), (C,)),), (go.If(go.negate(A), (C,)),)),
        ((go.If(A, (go.If(B, (C,)),)),), (go.If(go.both(A, B), (C,)),)),
        ((go.If(go.TRUE, (C,), (go.Text("x"),)),), (C,)),
        ((go.If(A, (go.Text("p"), C), (go.Text("p"),)),), (go.Text("p"), go.If(A, (C,)))),
        ((go.If(A, (C, go.Text("q")), (go.Text("q"),)),), (go.If(A, (C,)), go.Text("q"))),
        ((go.Range(1, go.Root("L"), ()), C), (C,)),
        ((go.Range(2, go.Root("L"), (go.Break(), C)),), (go.Range(2, go.Root("L"), (go.Break(),)),)),
        ((go.Print(go.Lit(1)), go.Text("")), (go.Text("1"),)),
        ((go.Fail("no"), C), (go.Fail("no"),)),
    ],
)
def test_row(nodes: go.Nodes, expected: go.Nodes) -> None:
    assert fold(nodes) == expected
