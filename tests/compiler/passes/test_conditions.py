"""Conditions that another part of them answers, row by row."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.conditions import simplified, simplify_conditions

A, B, C = (go.Atom(go.Root(name)) for name in "ABC")
NOT_A = go.negate(A)
CALL = go.Atom(go.call("index", go.Root("L"), go.Lit(0)))
VALUE = go.call("index", go.Item(9), go.Lit("type"))
KIND = go.call("printf", go.Lit("%T"), VALUE)
NOT_NULL = go.negate(go.equal(KIND, go.Lit("<nil>")))
TEXT = go.equal(KIND, go.Lit("string"))
CONTENT, COUNT = (go.Field(go.Item(9), name) for name in ("Content", "Count"))


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (go.either(NOT_A, go.both(A, B)), go.either(NOT_A, B)),
        (go.either(go.both(A, B), NOT_A), go.either(B, NOT_A)),
        (go.both(A, go.either(NOT_A, B)), go.both(A, B)),
        (go.either(A, go.both(A, B)), A),
        (go.both(go.either(A, B), A), A),
        (go.either(C, go.both(A, go.either(NOT_A, B)), NOT_A), go.either(C, B, NOT_A)),
        # what A guards must not be asked without it, unless A has been asked before
        (go.either(go.both(A, CALL), NOT_A), go.either(go.both(A, CALL), NOT_A)),
        (go.either(NOT_A, go.both(A, CALL)), go.either(NOT_A, CALL)),
        (go.either(go.both(A, B), go.both(NOT_A, C)), go.either(go.both(A, B), go.both(NOT_A, C))),
        # null is false, and of no other type
        (go.both(A, NOT_NULL, go.Atom(VALUE)), go.both(A, go.Atom(VALUE))),
        (go.both(A, NOT_NULL, TEXT), go.both(A, TEXT)),
        # what another value is says nothing about this one
        (go.both(NOT_NULL, A), go.both(NOT_NULL, A)),
        (go.either(NOT_NULL, go.Atom(VALUE)), go.either(NOT_NULL, go.Atom(VALUE))),
    ],
)
def test_questions(test: go.Test, expected: go.Test) -> None:
    assert simplified(test) == expected


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        # what prints nothing where it is false
        ((go.If(go.Atom(CONTENT), (go.Print(CONTENT),)),), (go.Print(CONTENT),)),
    ],
)
def test_row(nodes: go.Nodes, expected: go.Nodes) -> None:
    assert simplify_conditions(nodes) == expected


@pytest.mark.parametrize(
    "nodes",
    [
        # a number would print 0
        (go.If(go.Atom(COUNT), (go.Print(COUNT),)),),
    ],
)
def test_what_stays(nodes: go.Nodes) -> None:
    assert simplify_conditions(nodes) == nodes
