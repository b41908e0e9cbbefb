"""Package strconv: literals quoted and read, numbers read and written."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.gotemplate.values.representation import from_bytes
from modelfile_kit.gotemplate.values.strconv import (
    LiteralError,
    can_backquote,
    encode_rune,
    format_float,
    parse_float,
    quote,
    quote_rune,
    unquote,
    unquote_char,
)

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


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_read_as_they_are_written(value):
    assert parse_float(repr(value)) == value
    assert parse_float(value.hex()) == value


def test_runes():
    assert encode_rune(0x1F600) == "\U0001f600"
    assert encode_rune(0xD800) == encode_rune(2**64 - 1) == "\ufffd"


_FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(_FLOATS)
def test_the_shortest_form_is_that_number(value):
    for verb in "eEfgG":
        text = format_float(value, verb)
        assert float(text) == value
        assert math.copysign(1, float(text)) == math.copysign(1, value)
    assert float.fromhex(format_float(value, "x")) == value
    mantissa, _, exponent = format_float(value, "b").partition("p")
    assert math.ldexp(int(mantissa), int(exponent)) == value


@given(_FLOATS, st.integers(0, 20))
def test_a_precision_rounds_as_python_does(value, precision):
    assert format_float(value, "f", precision) == f"{value:.{precision}f}"
    assert float(format_float(value, "g", precision)) == float(f"{value:.{max(precision, 1) - 1}e}")


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float32_is_told_from_its_neighbours(value):
    text = format_float(value, "g", bits=32)
    assert struct.unpack("<f", struct.pack("<f", float(text)))[0] == value
    assert len(text) <= len(format_float(value, "g"))


@pytest.mark.parametrize(
    ("value", "verb", "precision", "bits", "text"),
    [
        (1e6, "g", -1, 64, "1e+06"),
        (123456.0, "g", -1, 64, "123456"),
        (1e21, "f", -1, 64, "1000000000000000000000"),
        (1e-7, "g", -1, 64, "1e-07"),
        (0.0001, "g", -1, 64, "0.0001"),
        (-0.0, "g", -1, 64, "-0"),
        (100000.0, "g", 10, 64, "100000"),
        (100000.0, "G", 3, 64, "1E+05"),
        (0.0, "e", -1, 64, "0e+00"),
        (1.0, "b", -1, 64, "4503599627370496p-52"),
        (0.1, "x", 3, 64, "0x1.99ap-04"),
        (1.0, "X", 2, 64, "0X1.00P+00"),
        (0.0, "x", -1, 64, "0x0p+00"),
        (0.10000000149011612, "g", -1, 32, "0.1"),
        (16777216.0, "g", -1, 32, "1.6777216e+07"),
        (1.401298464324817e-45, "g", -1, 32, "1e-45"),
        (0.10000000149011612, "b", -1, 32, "13421773p-27"),
        (0.10000000149011612, "x", -1, 32, "0x1.99999ap-04"),
        (0.10000000149011612, "x", 3, 32, "0x1.99ap-04"),
        (3.4028234663852886e38, "g", -1, 32, "3.4028235e+38"),
        (math.inf, "g", -1, 64, "+Inf"),
        (-math.inf, "f", 2, 64, "-Inf"),
        (math.nan, "e", 2, 64, "NaN"),
    ],
)
def test_known_forms(value, verb, precision, bits, text):
    assert format_float(value, verb, precision, bits=bits) == text


@pytest.mark.parametrize("text", ["0" * 400_000 + "x", "0x" + "0" * 400_000 + "p", "_" * 400_000])
def test_a_number_of_many_digits_is_read_once(text):
    with pytest.raises(LiteralError):
        parse_float(text)
