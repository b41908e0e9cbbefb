"""Numbers as text; what Go 1.26 printed stands beside each."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.gotemplate.values.gofloat import format_float

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
