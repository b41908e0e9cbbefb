"""Lists of one beside lists of several, row by row."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.joined_lists import join_lists_of_one
from tests.compiler.passes.branches import A

X = go.Root("X")
SEVERAL = go.Atom(go.call("lt", go.Lit(1), go.call("len", X)))
BETWEEN = go.If(go.Atom(go.Index(1)), (go.Text("|"),))
LOOP = go.Range(1, X, (BETWEEN, go.Print(go.Item(1))))
ONLY = go.Print(go.call("index", X, go.Lit(0)))


def refusing(value: go.Expr, message: str) -> go.Nodes:
    return go.If(go.equal(value, go.Lit("bad")), (go.Fail(message),)), go.Print(value)


REFUSING = go.Range(1, X, (BETWEEN, *refusing(go.Item(1), "line 1")))


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (go.If(SEVERAL, (LOOP,), (ONLY,)), LOOP),
        # the words of a failure may differ
        (go.If(SEVERAL, (REFUSING,), refusing(ONLY.expr, "line 2")), REFUSING),
    ],
)
def test_row(inner: go.If, expected: go.Node) -> None:
    known = go.both(A, go.Atom(X))
    assert join_lists_of_one((go.If(known, (inner,)),)) == (go.If(known, (expected,)),)


@pytest.mark.parametrize(
    "inner",
    [
        go.If(SEVERAL, (LOOP,), (go.Print(go.call("index", X, go.Lit(1))),)),
        go.If(SEVERAL, (LOOP,), (ONLY, ONLY)),
        go.If(SEVERAL, (LOOP, go.Text(".")), (ONLY,)),
        go.If(A, (LOOP,), (ONLY,)),
        # the only element has a number too
        go.If(SEVERAL, (go.Range(1, X, (BETWEEN, go.Print(go.Index(1)))),), (go.Print(go.Lit(0)),)),
        # the first of several is not like the only one
        go.If(SEVERAL, (go.Range(1, X, (go.If(go.Atom(go.Index(1)), (), (ONLY,)), ONLY)),), (ONLY,)),
    ],
)
def test_what_stays(inner: go.If) -> None:
    nodes = (go.If(go.Atom(X), (inner,)),)
    assert join_lists_of_one(nodes) == nodes


def test_a_list_that_may_be_empty_keeps_its_case() -> None:
    """`index` of an empty list fails, a loop over it does not."""
    for nodes in ((go.If(SEVERAL, (LOOP,), (ONLY,)),), (go.If(A, (go.If(SEVERAL, (LOOP,), (ONLY,)),)),)):
        assert join_lists_of_one(nodes) == nodes
