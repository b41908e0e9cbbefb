"""How Go's values look in Python."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.gotemplate import parse
from modelfile_kit.gotemplate.values import gotypes as t
from modelfile_kit.gotemplate.values.gotypes import Field, GoType, Kind
from modelfile_kit.gotemplate.values.representation import (
    Func,
    Iterator,
    Map,
    Pointer,
    Scalar,
    Slice,
    Struct,
    append_capacity,
    byte_length,
    canonical,
    element,
    elements,
    from_bytes,
    go_type_name,
    is_nil,
    length,
    sorted_items,
    to_bytes,
    truth,
    type_of,
    typed,
    zero,
)

POINT = GoType("x.Point", Kind.STRUCT, fields=(Field("X", t.INT), Field("Tags", t.slice_of(t.STRING))))


@given(st.binary(max_size=20))
def test_bytes_go_both_ways(data):
    text = from_bytes(data)
    assert to_bytes(text) == data
    assert byte_length(text) == len(data)
    assert canonical(text) == text


@given(st.binary(max_size=20), st.integers(0, 20))
def test_parts_put_together_again(data, cut):
    assert canonical(from_bytes(data[:cut]) + from_bytes(data[cut:])) == from_bytes(data)


def test_runes_are_characters():
    # Go: utf8.RuneCountInString("a\xe2\x82é\xff") is 5, each stray byte one rune
    assert len(from_bytes(b"a\xe2\x82\xc3\xa9\xff")) == 5


# What Go 1.26's encoding/json left in a []interface {} of so many elements: cap().
@pytest.mark.parametrize(
    ("count", "cap"),
    [
        *((0, 0), (1, 1), (3, 4), (5, 8), (17, 32), (33, 71), (65, 71), (129, 143), (256, 303), (512, 591)),
        *(
            (849, 1023),
            (1281, 1535),
            (1792, 2560),
            (2561, 3584),
            (5000, 5120),
            (10000, 11264),
            (20000, 23552),
        ),
    ],
)
def test_capacity_of_decoded_lists(count, cap):
    assert append_capacity(count) == cap


def test_zero_values():
    assert zero(t.ANY) is None
    assert zero(t.STRING) == "" and zero(t.INT) == 0 and zero(t.BOOL) is False
    assert zero(t.UINT8).type is t.UINT8 and zero(t.UINT8).value == 0
    made = zero(POINT)
    assert made.fields["X"] == 0 and is_nil(made.fields["Tags"])
    assert elements(zero(t.array_of(2, t.INT))) == [0, 0]
    for type_ in (t.ANY_MAP, t.ANY_SLICE, t.pointer_to(POINT), t.seq_of(t.INT), t.func_of((), t.INT)):
        assert is_nil(zero(type_)) and not truth(zero(type_)) and type_of(zero(type_)) is type_


def test_plain_values_get_their_static_type():
    point = Struct(POINT, {"Tags": ["a"]})
    assert point.fields["X"] == 0
    assert type(point.fields["Tags"]) is Slice and point.fields["Tags"].type.name == "[]string"
    assert typed(t.pointer_to(POINT), {"X": 3}).target.fields["X"] == 3
    assert typed(t.UINT8, 5).value == 5
    assert typed(t.ANY, [1]) == [1]
    assert typed(t.BYTES, b"ab") == b"ab"
    assert is_nil(typed(t.pointer_to(POINT), None))


def test_a_field_that_is_not_there():
    with pytest.raises(TypeError, match=r"x\.Point has no field Y"):
        Struct(POINT, {"Y": 1})


def test_pointers():
    with pytest.raises(TypeError, match="needs its type"):
        Pointer(None)
    assert Pointer(3).type is t.pointer_to(t.INT)


def test_types():
    assert go_type_name(None) == "<nil>"
    values: list[Any] = ["", True, 1, 1.0, 1j, [], {}, b""]
    assert [go_type_name(v) for v in values] == [
        *(
            "string",
            "bool",
            "int",
            "float64",
            "complex128",
            "[]interface {}",
            "map[string]interface {}",
            "[]uint8",
        )
    ]
    with pytest.raises(TypeError, match="object is not a value"):
        type_of(object())


def test_slices_share_what_they_are_cut_from():
    whole = Slice(t.ANY_SLICE, ["a", "b"], cap=4)
    part = Slice(t.ANY_SLICE, whole.items, 1, 2, 3)
    assert elements(part) == ["b", None]  # behind the end there are zero values
    assert element(part, 0) == "b"
    assert [b.value for b in elements(b"ab")] == [97, 98]


def test_order_of_keys():
    assert [k for k, _ in sorted_items({"b": 1, "é": 2, "\udcff": 3, "B": 4, "\uffff": 5})] == [
        *("B", "b", "é", "\uffff", "\udcff")
    ]
    numbers = Map(t.map_of(t.INT, t.STRING), {10: "a", 9: "b", -1: "c"})
    assert [k for k, _ in sorted_items(numbers)] == [-1, 9, 10]
    flags = Map(t.map_of(t.BOOL, t.INT), {True: 1, False: 0})
    assert [k for k, _ in sorted_items(flags)] == [False, True]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((Scalar(t.UINT8, 0), False), (Scalar(t.UINT8, 1), True), (Slice(t.ANY_SLICE, []), False)),
        *((Slice(t.ANY_SLICE, [0]), True), (Map(t.ANY_MAP, None), False), (Map(t.ANY_MAP, {"a": 1}), True)),
        *(
            (Struct(POINT), True),
            (Pointer(0), True),
            (0.0, False),
            (float("nan"), True),
            ("", False),
            (None, False),
        ),
        *((Func(t.func_of(()), lambda: 1), True), (Iterator(t.seq_of(t.INT), lambda: iter(())), True)),
    ],
)
def test_truth(value, expected):
    assert truth(value) is expected


def test_length():
    values: list[Any] = ["é", [1], {}, b"ab", Scalar(GoType("x.S", Kind.STRING), "éé")]
    assert [length(v) for v in values] == [
        2,
        1,
        0,
        2,
        4,
    ]
    assert length(Slice(t.ANY_SLICE, [1, 2, 3], 1)) == 2
    assert length(Map(t.ANY_MAP, None)) == 0
    with pytest.raises(TypeError, match="int"):
        length(3)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        # Go 1.26 on {"X": float32(0.4), "Y": 0.4}, as the judge of Ollama 0.33.0 answers.
        ('{{ printf "%.12g" .X }}', "0.40000000596"),
        ('{{ printf "%.20f" .X }}', "0.40000000596046447754"),
        ("{{ eq .X .Y }} {{ gt .X .Y }} {{ .X }}", "false true 0.4"),
    ],
)
def test_a_float32_keeps_what_it_can(template, expected):
    data = {"X": Scalar(t.FLOAT32, 0.4), "Y": 0.4}
    assert parse(template).execute(data) == expected
    assert parse("{{ .X }}").execute({"X": Scalar(t.FLOAT32, 1e300)}) == "+Inf"
