"""What a value's place decides."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate.values import gotypes as t
from modelfile_kit.gotemplate.values.gotypes import Field, GoFunctionError, GoType, Kind
from modelfile_kit.gotemplate.values.reflection import INVALID, NIL_INTERFACE, Ref, assignable, equal, member
from modelfile_kit.gotemplate.values.representation import Pointer, Slice, Struct, zero

POINT = GoType("x.Point", Kind.STRUCT, fields=(Field("X", t.INT), Field("Any", t.ANY)))


def test_a_nil_interface_is_a_value_and_nil_is_none():
    assert NIL_INTERFACE.valid and NIL_INTERFACE.kind is Kind.INTERFACE
    assert not INVALID.valid and INVALID.kind is Kind.INVALID
    assert not NIL_INTERFACE.unboxed().valid
    assert NIL_INTERFACE.indirect() == (NIL_INTERFACE, True)


def test_indirect():
    inner = Struct(POINT)
    found, nil = Ref(Pointer(Pointer(inner)), boxed=True).indirect()
    assert (found.data, found.addressable, nil) == (inner, True, False)
    assert Ref(zero(t.pointer_to(POINT))).indirect()[1]
    assert Ref(3).indirect()[0].data == 3


def test_members_are_boxed_by_their_static_type():
    assert member(t.ANY, 3).type is t.ANY
    assert member(t.INT, 3, addressable=True).addressable
    assert not member(t.ANY, 3, addressable=True).addressable


def test_assignable():
    named = GoType("x.Names", Kind.SLICE, elem=t.STRING)
    other = GoType("x.Other", Kind.SLICE, elem=t.STRING)
    assert assignable(t.INT, t.ANY) and assignable(t.INT, t.INT)
    assert assignable(t.slice_of(t.STRING), named) and assignable(named, t.slice_of(t.STRING))
    assert not assignable(named, other)
    assert not assignable(t.INT, t.INT64) and not assignable(GoType("x.S", Kind.STRING), t.STRING)


def test_equal():
    assert equal(Struct(POINT, {"X": 1}), Struct(POINT, {"X": 1}))
    assert not equal(Struct(POINT, {"X": 1}), Struct(POINT, {"X": 2}))
    assert not equal(1, 1.0)
    shared = Struct(POINT)
    assert equal(Pointer(shared), Pointer(shared)) and not equal(Pointer(shared), Pointer(Struct(POINT)))
    array = t.array_of(1, t.INT)
    assert equal(Slice(array, [1]), Slice(array, [1]))
    assert equal(None, None) and not equal(None, 1)
    with pytest.raises(GoFunctionError, match="comparing uncomparable type map"):
        equal(Struct(POINT, {"Any": {}}), Struct(POINT, {"Any": {}}))
