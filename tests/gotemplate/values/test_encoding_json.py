"""encoding/json's Marshal; expected texts are what Go 1.26 printed."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.gotemplate.values import gotypes as t
from modelfile_kit.gotemplate.values.encoding_json import encode_string, format_number, marshal
from modelfile_kit.gotemplate.values.gotypes import Field, Function, GoFunctionError, GoType, Kind
from modelfile_kit.gotemplate.values.representation import Func, Map, Pointer, Scalar, Slice, Struct, zero

_MIXED = GoType(
    "main.S",
    Kind.STRUCT,
    fields=(
        Field("A", t.INT, "a"),
        Field("B", t.pointer_to(t.STRING), "b,omitempty"),
        Field("C", t.slice_of(t.STRING), "c"),
        Field("D", t.ANY, "d,omitempty"),
        Field("E", t.map_of(t.STRING, t.INT)),
        Field("f", t.INT),
        Field("G", t.array_of(2, t.BOOL), "-"),
    ),
)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_JSON)
def test_python_reads_what_was_written(value):
    text = marshal(value)
    assert json.loads(text, parse_int=float) == value
    assert not set("<>&\u2028\u2029\n") & set(text)


def test_structs():
    full = Struct(
        _MIXED, {"A": 1, "B": Pointer("q"), "D": "", "E": {"z": 1, "a": 2}, "f": 3, "G": [True, False]}
    )
    assert marshal(Pointer(full)) == '{"a":1,"b":"q","c":null,"d":"","E":{"a":2,"z":1}}'
    assert marshal(Struct(_MIXED, {"C": []})) == '{"a":0,"c":[],"E":null}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1.0, "a": [None, True]}, '{"a":[null,true],"b":1}'),
        ({"\udcff": 1, "\uffff": 2, "é": 3}, '{"é":3,"\uffff":2,"\\ufffd":1}'),
        (b"ab\x00", '"YWIA"'),
        (Slice(GoType("x.Image", Kind.SLICE, elem=t.UINT8), [97, 98]), '"YWI="'),
        (Slice(t.array_of(2, t.UINT8), [1, 2]), "[1,2]"),
        (Map(t.map_of(t.INT, t.STRING), {10: "a", 9: "b"}), '{"10":"a","9":"b"}'),
        (zero(t.ANY_MAP), "null"),
        (zero(t.pointer_to(t.INT)), "null"),
        (Scalar(t.UINT64, 2**64 - 1), "18446744073709551615"),
        (Scalar(t.FLOAT32, 0.10000000149011612), "0.1"),
        (Scalar(GoType("x.Role", Kind.STRING), "<"), '"\\u003c"'),
    ],
)
def test_kinds(value, text):
    assert marshal(value) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (1e-10, "1e-10"),
        (123456789.125, "123456789.125"),
    ],
)
def test_numbers(number, text):
    assert format_number(number) == text


def test_strings():
    assert encode_string('\x00\x07\b\t\n\f\r"\\/\x7fé\u2028<>&\udc80') == (
        '"\\u0000\\u0007\\b\\t\\n\\f\\r\\"\\\\/\x7fé\\u2028\\u003c\\u003e\\u0026\\ufffd"'
    )


def test_methods_are_obeyed():
    custom = Function(lambda value: f'{{ "n" : "{value.fields["A"]} <" }}', (), t.STRING)
    type_ = GoType("x.T", Kind.STRUCT, fields=(Field("A", t.INT),), methods={"MarshalJSON": custom})
    behind = GoType(
        "x.P", Kind.STRUCT, pointer_methods={"MarshalJSON": Function(lambda _: "7", (), t.STRING)}
    )
    assert marshal([Struct(type_, {"A": 1})]) == '[{"n":"1 \\u003c"}]'
    assert marshal(Struct(behind)) == "{}"  # it cannot be addressed
    assert marshal(Pointer(Struct(behind))) == "7"
    assert marshal(Slice(t.slice_of(behind), [Struct(behind)])) == "[7]"
    assert marshal(zero(t.pointer_to(type_))) == "null"


def test_what_json_cannot_hold():
    for value, text in (
        (math.nan, "json: unsupported value: NaN"),
        (-math.inf, "json: unsupported value: -Inf"),
        (1j, "json: unsupported type: complex128"),
        (Func(t.func_of((), t.INT), None), "json: unsupported type: func() int"),
        (Map(t.map_of(t.FLOAT64, t.INT), {}), "json: unsupported type: map[float64]int"),
    ):
        with pytest.raises(GoFunctionError) as caught:
            marshal([value])
        assert str(caught.value) == text


def test_a_method_that_fails():
    def fail(_value: object) -> str:
        raise GoFunctionError("no")

    type_ = GoType("x.T", Kind.STRUCT, methods={"MarshalJSON": Function(fail, (), t.STRING)})
    with pytest.raises(GoFunctionError, match=r"json: error calling MarshalJSON for type x\.T: no"):
        marshal(Struct(type_))
