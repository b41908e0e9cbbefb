"""Go's types: names as %T has them, identity, methods."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate.values import gotypes as t
from modelfile_kit.gotemplate.values.gotypes import Field, Function, GoType, Kind


def test_names():
    assert t.slice_of(t.STRING).name == "[]string"
    assert t.map_of(t.STRING, t.ANY).name == "map[string]interface {}"
    assert t.pointer_to(t.slice_of(t.UINT8)).name == "*[]uint8"
    assert t.array_of(2, t.BOOL).name == "[2]bool"
    assert t.seq2_of(t.STRING, t.ANY).name == "iter.Seq2[string,interface {}]"
    assert (
        t.func_of((t.STRING, t.ANY), t.STRING, variadic=True).name == "func(string, ...interface {}) string"
    )


def test_one_object_a_type():
    assert t.slice_of(t.ANY) is t.ANY_SLICE
    assert t.map_of(t.STRING, t.ANY) is t.ANY_MAP
    assert t.pointer_to(t.INT) is t.pointer_to(t.INT)
    assert t.array_of(2, t.INT) is not t.array_of(3, t.INT)


def test_methods():
    value, pointer = Function(str), Function(repr)
    type_ = GoType("x.T", Kind.STRUCT, methods={"A": value}, pointer_methods={"B": pointer})
    assert type_.method("A") is value
    assert type_.method("B") is None
    assert type_.method("B", addressable=True) is pointer
    assert t.pointer_to(type_).method("A") is value
    assert t.pointer_to(type_).method("B") is pointer
    assert t.pointer_to(t.pointer_to(type_)).method("C") is None


def test_a_type_that_contains_itself():
    node = GoType("x.Node", Kind.STRUCT)
    node.complete(Field("Next", t.pointer_to(node)), Field("hidden", t.INT))
    assert node.by_name["Next"].type.elem is node
    assert not node.by_name["hidden"].exported


@pytest.mark.parametrize(
    ("type_", "comparable"),
    [
        (t.STRING, True),
        (t.ANY, True),
        (t.ANY_SLICE, False),
        (t.ANY_MAP, False),
        (t.pointer_to(t.ANY_MAP), True),
        (t.array_of(1, t.INT), True),
        (t.array_of(1, t.BYTES), False),
        (GoType("x.T", Kind.STRUCT, fields=(Field("A", t.INT),)), True),
        (GoType("x.T", Kind.STRUCT, fields=(Field("A", t.BYTES),)), False),
    ],
)
def test_comparable(type_, comparable):
    assert type_.comparable is comparable


def test_kinds():
    assert Kind.INT8.signed and not Kind.INT8.unsigned
    assert Kind.UINTPTR.unsigned and not Kind.UINTPTR.signed
    assert Kind.MAP.nillable and not Kind.STRUCT.nillable
