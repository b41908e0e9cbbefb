"""Quoting and numbers, against Go's rules as its specification has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.gotemplate.parse.literals import (
    LiteralError,
    can_backquote,
    encode_rune,
    parse_float,
    parse_number,
    quote,
    quote_rune,
    unquote,
    unquote_char,
)
from modelfile_kit.gotemplate.values.values import from_bytes

_GO_STRINGS = st.binary(max_size=12).map(from_bytes) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=8
)


@given(_GO_STRINGS)
def test_a_quoted_string_is_that_string(text):
    assert unquote(quote(text)) == text
    assert unquote(quote(text, ascii_only=True)) == text
    assert quote(text, ascii_only=True).isascii()


@given(_GO_STRINGS)
def test_a_raw_string_is_that_string(text):
    if can_backquote(text):
        assert unquote(f"`{text}`") == text


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ('a"b\\', '"a\\"b\\\\"'),
        ("\a\b\f\n\r\t\v", '"\\a\\b\\f\\n\\r\\t\\v"'),
        ("\x00\x7f", '"\\x00\\x7f"'),
        ("é\u00ad\u2028\U0001f600\U000e0001", '"é\\u00ad\\u2028\U0001f600\\U000e0001"'),
        ("\udcff'", '"\\xff\'"'),
    ],
)
def test_quote(text, quoted):
    assert quote(text) == quoted


def test_quote_rune():
    assert quote_rune(ord("'")) == "'\\''"
    assert quote_rune(0xE9) == "'é'"
    assert quote_rune(0xE9, ascii_only=True) == "'\\u00e9'"
    assert quote_rune(0xD800) == quote_rune(-1) == quote_rune(0x110000) == "'\ufffd'"


@pytest.mark.parametrize(
    "literal",
    [
        *(
            '"',
            '"a',
            "'a'",
            '"\n"',
            '"\\q"',
            '"\\x4"',
            '"\\ud800"',
            '"\\U00110000"',
            '"\\400"',
            '"\\\'"',
            '"a"b"',
            "``x`",
        )
    ],
)
def test_literals_that_are_refused(literal):
    with pytest.raises(LiteralError, match="invalid syntax"):
        unquote(literal)


def test_bytes_that_make_a_character_together():
    assert unquote('"\\xc3\\xa9"') == "é"
    assert unquote('"\\303\\251\\u00e9"') == "éé"
    assert (
        unquote('"\udcff\\xff"') == "\ufffd\udcff"
    )  # a byte in the source is no character, an escaped one stays
    assert unquote("`a\r\nb\\n`") == "a\nb\\n"


def test_unquote_char():
    assert unquote_char("\\'x", "'") == (39, False, "x")
    assert unquote_char("éx", "'") == (0xE9, True, "x")
    with pytest.raises(LiteralError):
        unquote_char("'", "'")


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


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_read_as_they_are_written(value):
    assert parse_float(repr(value)) == value
    assert parse_float(value.hex()) == value


def test_runes():
    assert encode_rune(0x1F600) == "\U0001f600"
    assert encode_rune(0xD800) == encode_rune(2**64 - 1) == "\ufffd"
