"""Operations on plain values; out of range is handed over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.gotemplate import Limits
from modelfile_kit.gotemplate.compiled.frame import Bail, Runtime, byte_at, cut, get_field, head_at, index_one
from modelfile_kit.gotemplate.values import gotypes as t
from modelfile_kit.gotemplate.values.gotypes import Field, Function, GoType, Kind
from modelfile_kit.gotemplate.values.representation import Map, Pointer, Struct, from_bytes

_BYTES = st.binary(max_size=10)


def _frame():
    return [None, Runtime(Limits(), {}), None, None]


@given(_BYTES, st.integers(-2, 12), st.integers(-2, 12), st.integers(0, 4))
def test_cutting(data, low, high, count):
    text, frame = from_bytes(data), _frame()
    if 0 <= low <= high <= len(data):
        assert cut(frame, text, low, high) == from_bytes(data[low:high])
        assert head_at(frame, text, low, count) == from_bytes(data[low:])[:count]
    else:
        with pytest.raises(Bail):
            cut(frame, text, low, high)
    if 0 <= low < len(data):
        assert byte_at(frame, text, low) == data[low]
    else:
        with pytest.raises(Bail):
            byte_at(frame, text, low)


def test_index():
    frame = _frame()
    assert index_one(frame, "é", 1).value == 0xA9
    assert index_one(frame, [1], 0) == 1 and index_one(frame, {"a": 1}, "a") == 1
    assert index_one(frame, {"a": 1}, "b") is None
    for item, index in (([1], 1), ([1], -1), ([1], "0"), ({1: 2}, 1), (None, 0), ("a", 1)):
        with pytest.raises(Bail):
            index_one(frame, item, index)


def test_fields():
    type_ = GoType(
        "x.T",
        Kind.STRUCT,
        fields=(Field("A", t.INT), Field("b", t.INT)),
        methods={
            "M": Function(lambda v: v.fields["A"] + 1, (), t.INT),
            "N": Function(lambda v, n: n, (t.INT,), t.INT),
        },
        pointer_methods={"P": Function(lambda v: "p", (), t.STRING)},
    )
    value = Struct(type_, {"A": 1})
    assert get_field(value, "A") == 1 and get_field(Pointer(value), "A") == 1
    assert get_field(value, "M") == 2 and get_field(Pointer(value), "P") == "p"
    assert get_field(Map(t.map_of(t.STRING, t.UINT8), {"a": 1}), "a").value == 1
    for receiver, name in (
        (value, "b"),
        (value, "Z"),
        (value, "N"),
        (value, "P"),
        (None, "A"),
        ("s", "A"),
        (Pointer(1), "A"),
    ):
        with pytest.raises(Bail):
            get_field(receiver, name)
