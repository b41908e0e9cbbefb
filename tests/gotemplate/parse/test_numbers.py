"""Quoting and numbers, against Go's rules as its specification has them."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate.parse.numbers import parse_number
from modelfile_kit.gotemplate.values.strconv import (
    LiteralError,
)


@pytest.mark.parametrize(
    ("text", "int64", "uint64", "float64"),
    [
        ("0", 0, 0, 0.0),
        ("-0", 0, 0, 0.0),
        ("1_000", 1000, 1000, 1000.0),
        ("0x_1F", 31, 31, 31.0),
        ("0b101", 5, 5, 5.0),
        ("0o17", 15, 15, 15.0),
        ("017", 15, 15, 15.0),
        ("-9223372036854775808", -(2**63), None, -(2.0**63)),
        ("18446744073709551615", None, 2**64 - 1, 2.0**64),
        ("1e3", 1000, 1000, 1000.0),
        ("1.5", None, None, 1.5),
        ("0x1.8p1", 3, 3, 3.0),
        ("-1.0", -1, None, -1.0),
        ("'a'", 97, 97, 97.0),
        ("'\\xff'", 255, 255, 255.0),
    ],
)
def test_numbers(text, int64, uint64, float64):
    number = parse_number(text)
    assert (number.int64 if number.is_int else None) == int64
    assert (number.uint64 if number.is_uint else None) == uint64
    assert number.is_float and number.float64 == float64 and not number.is_complex


@pytest.mark.parametrize(
    ("text", "pair", "value"),
    [("1i", False, 1j), ("1+2i", True, 1 + 2j), ("1.5e1-0x1p1i", True, 15 - 2j), ("0i", False, 0j)],
)
def test_complex_numbers(text, pair, value):
    number = parse_number(text, pair=pair)
    assert number.is_complex and number.complex128 == value
    assert number.is_int is (value.imag == 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1__0", 'illegal number syntax: "1__0"'),
        ("0x", 'illegal number syntax: "0x"'),
        ("08", 'integer overflow: "08"'),
        ("18446744073709551616", 'integer overflow: "18446744073709551616"'),
        ("1e400", 'illegal number syntax: "1e400"'),
        ("'ab'", "malformed character constant: 'ab'"),
        ("''", "invalid syntax"),
        ("1" * 5000, "illegal number syntax"),
    ],
)
def test_numbers_that_are_refused(text, message):
    with pytest.raises(LiteralError) as caught:
        parse_number(text)
    assert message in str(caught.value)


def test_complex_numbers_that_are_refused():
    with pytest.raises(LiteralError, match="syntax error scanning complex number"):
        parse_number("1+i", pair=True)
    with pytest.raises(LiteralError, match='parsing "1e999": value out of range'):
        parse_number("1e999+1i", pair=True)
