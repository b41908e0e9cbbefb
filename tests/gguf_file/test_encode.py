from __future__ import annotations

import pytest

from modelfile_kit.gguf_file.encode import encode_entry, is_list, type_of_new
from tests.gguf_file.handmade import CODES, Typed, entry


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *((kind, 1) for kind in CODES if kind not in ("bool", "string", "array")),
        ("bool", True),
        ("string", 'é, "x"'),
        ("string[]", ["a", ""]),
        ("int16[]", [-1, 2]),
        ("float64[]", []),
        ("bool[]", [True, False]),
    ],
)
def test_an_entry_is_what_the_specification_says(kind, value, order):
    assert encode_entry("a.b", kind, value, order) == entry("a.b", Typed(kind, value), order)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint8", 256),
        ("uint8", True),
        ("int32", 0.5),
        ("bool", 1),
        ("string", 1),
        ("string", "\udcff"),
        ("float32", "x"),
        ("int32", [1]),
        ("int32[]", 1),
        ("int32[]", "12"),
        ("string[]", ["a", 1]),
        ("uint64[]", [-1]),
    ],
)
def test_a_value_of_another_kind_is_refused(kind, value):
    with pytest.raises(ValueError):
        encode_entry("a", kind, value, "<")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "bool"),
        (1, "uint32"),
        (1.5, "float32"),
        ("x", "string"),
        ([1], "int32[]"),
        ([True], "bool[]"),
        ([1.5], "float32[]"),
        (("x",), "string[]"),
    ],
)
def test_the_type_of_a_new_value(value, kind):
    assert type_of_new(value) == kind
    assert is_list(value) == kind.endswith("[]")


@pytest.mark.parametrize("value", [[], [1, "x"]])
def test_a_list_that_does_not_say_its_type(value):
    with pytest.raises(ValueError, match="do not say their type"):
        type_of_new(value)
