"""Floating-point numbers as text: Go's strconv.FormatFloat. Source: Go 1.26, internal/strconv/ftoa.go."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import NamedTuple


class _Digits(NamedTuple):
    """Significant digits without trailing zeros; the value is 0.DIGITS times ten to the `point`."""

    text: str
    point: int


class _Bits(NamedTuple):
    """A binary floating-point number: mantissa times two to the (exponent - fraction_bits)."""

    mantissa: int
    exponent: int
    fraction_bits: int


def format_float(value: float, verb: str, precision: int = -1, *, bits: int = 64) -> str:
    """`value` by one of the verbs b, e, E, f, g, G, x, X.

    precision: digits after the point (g: significant ones); -1 is as many as tell the number from
    its neighbours. bits: 32 for a float32.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    value = abs(value)
    if verb == "b":
        raw = _decompose(value, bits)
        return f"{sign}{raw.mantissa}p{raw.exponent - raw.fraction_bits:+d}"
    if verb in "xX":
        return sign + _hexadecimal(_decompose(value, bits), precision, verb)
    return sign + _decimal(value, verb, precision, bits)


def _decimal(value: float, verb: str, precision: int, bits: int) -> str:
    if precision >= 0 and verb in "eEf":
        return format(value, f".{precision}{verb}")  # Python rounds as Go does, to the nearest even
    shortest = precision < 0
    digits = _shortest(value, bits) if shortest else _rounded(value, max(precision, 1))
    count = len(digits.text)
    if verb in "eE":
        return _exponential(digits, max(count - 1, 0), verb)
    if verb == "f":
        return _plain(digits, max(count - digits.point, 0))
    precision = count if shortest else max(precision, 1)
    limit = 6 if shortest else precision
    if not shortest and limit > count >= digits.point:
        limit = count
    exponent = digits.point - 1
    if exponent < -4 or exponent >= limit:
        return _exponential(digits, min(precision, count) - 1, "e" if verb == "g" else "E")
    places = count if precision > digits.point else precision
    return _plain(digits, max(places - digits.point, 0))


def _rounded(value: float, count: int) -> _Digits:
    """`count` significant digits."""
    if value == 0:
        return _Digits("", 0)
    mantissa, _, exponent = format(value, f".{count - 1}e").partition("e")
    return _Digits(mantissa.replace(".", "").rstrip("0"), int(exponent) + 1)


def _shortest(value: float, bits: int) -> _Digits:
    """As many digits as tell the number from its neighbours."""
    if value == 0:
        return _Digits("", 0)
    if bits == 64:
        mantissa, _, exponent = repr(value).partition("e")
        whole, _, fraction = mantissa.partition(".")
        text = (whole + fraction).lstrip("0")
        leading = len(whole + fraction) - len(text)
        return _Digits(text.rstrip("0"), len(whole) - leading + int(exponent or 0))
    return _shortest32(value)


def _shortest32(value: float) -> _Digits:
    """Like `_shortest` for a float32, by looking for the first rounding inside its interval."""
    (raw,) = struct.unpack("<I", struct.pack("<f", value))
    low, high = ((_float32(n) + Fraction(value)) / 2 for n in (raw - 1, raw + 1))
    for count in range(1, 10):
        digits = _rounded(value, count)
        found = Fraction(int(digits.text)) * Fraction(10) ** (digits.point - len(digits.text))
        if low < found < high or (raw % 2 == 0 and found in (low, high)):
            return digits
    return _rounded(value, 9)


def _float32(raw: int) -> Fraction:
    """The number of a float32's bits; behind the largest one there would be 2 to the 128."""
    if raw == 0x7F800000:
        return Fraction(2) ** 128
    return Fraction(struct.unpack("<f", struct.pack("<I", raw))[0])


def _exponential(digits: _Digits, precision: int, verb: str) -> str:
    text = digits.text or "0"
    fraction = text[1 : precision + 1].ljust(precision, "0")
    exponent = digits.point - 1 if digits.text else 0
    return f"{text[0]}{'.' if precision > 0 else ''}{fraction}{verb}{exponent:+03d}"


def _plain(digits: _Digits, precision: int) -> str:
    text, point = digits
    whole = text[:point].ljust(point, "0") if point > 0 else "0"
    fraction = ("0" * -point + text if point < 0 else text[point:])[:precision].ljust(precision, "0")
    return f"{whole}.{fraction}" if precision > 0 else whole


def _decompose(value: float, bits: int) -> _Bits:
    if bits == 32:
        (raw,) = struct.unpack("<I", struct.pack("<f", value))
        fraction_bits, bias = 23, -127
    else:
        (raw,) = struct.unpack("<Q", struct.pack("<d", value))
        fraction_bits, bias = 52, -1023
    exponent = raw >> fraction_bits
    mantissa = raw & ((1 << fraction_bits) - 1)
    if exponent == 0:
        return _Bits(mantissa, 1 + bias, fraction_bits)
    return _Bits(mantissa | 1 << fraction_bits, exponent + bias, fraction_bits)


def _hexadecimal(raw: _Bits, precision: int, verb: str) -> str:
    """A fraction in base 16 whose leading digit is 1, and a binary exponent."""
    mantissa, exponent = raw.mantissa << (60 - raw.fraction_bits), raw.exponent
    if mantissa == 0:
        exponent = 0
    while mantissa and not mantissa & (1 << 60):
        mantissa, exponent = mantissa << 1, exponent - 1
    if 0 <= precision < 15:
        shift = precision * 4
        extra = (mantissa << shift) & ((1 << 60) - 1)
        mantissa >>= 60 - shift
        if extra | (mantissa & 1) > 1 << 59:
            mantissa += 1
        mantissa <<= 60 - shift
        if mantissa & (1 << 61):
            mantissa, exponent = mantissa >> 1, exponent + 1
    fraction = format(mantissa & ((1 << 60) - 1), "015x")
    fraction = fraction.rstrip("0") if precision < 0 else fraction[:precision].ljust(precision, "0")
    text = f"0x{mantissa >> 60}{'.' if fraction else ''}{fraction}p{exponent:+03d}"
    return text.upper() if verb == "X" else text


def to_float32(value: float) -> float:
    """Go's float32(f): what 32 bits keep of it; what is too large is infinite."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)
