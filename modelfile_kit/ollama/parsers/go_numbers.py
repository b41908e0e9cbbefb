"""Numbers as strconv and fmt read them out of a text that a model wrote."""

from __future__ import annotations

import math
import re

from ...gotemplate.values.strconv import LiteralError, parse_float
from .go_text import skip_space

_INT = re.compile(rb"[+-]?[0-9]+")
_SPECIAL = re.compile(rb"(?P<sign>[+-]?)(?:(?P<inf>inf(?:inity)?)|(?P<nan>nan))", re.IGNORECASE)
_PLAIN_INT = re.compile(rb"0|-?[1-9][0-9]*")
# What fmt's floatToken takes of a text: it stops at the first character that does not fit.
_FLOAT_TOKEN = re.compile(
    rb"[nN][aA][nN]|[+-]?[iI][nN][fF]|[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?"
    rb"|[0-9_]*(?:\.[0-9_]*)?(?:[eEpP][+-]?[0-9_]*)?)"
)
_MIN, _MAX = -(2**63), 2**63 - 1


def read_int(text: bytes) -> int | None:
    """strconv.ParseInt(text, 10, 64); None where it refuses."""
    if not _INT.fullmatch(text) or len(text.lstrip(b"+-0")) > 19:
        return None
    value = int(text)
    return value if _MIN <= value <= _MAX else None


def read_float(text: bytes) -> float | None:
    """strconv.ParseFloat(text, 64), "inf" and "nan" included; None where it refuses."""
    special = _SPECIAL.fullmatch(text)
    if special:
        if special["nan"]:
            return None if special["sign"] else math.nan
        return -math.inf if special["sign"] == b"-" else math.inf
    if not text.isascii():
        return None
    try:
        return parse_float(text.decode("ascii"))
    except LiteralError:
        return None


def whole(value: float) -> int | None:
    """Go's int64(value) where that is the value without a fraction (amd64); None for other numbers.

    Go leaves it to the processor what a number outside of 64 bits becomes: on amd64 the smallest integer.
    """
    if math.isnan(value) or (math.isfinite(value) and not value.is_integer()):
        return None
    return int(value) if math.isfinite(value) and _MIN <= value < 2.0**63 else _MIN


def scan_number(text: bytes) -> int | float | None:
    """The number that fmt.Sscanf finds at a text's beginning ("%d" for all of it, else "%f"); None for none.

    "%f" does not ask for the end of the text, so "12 apples" is 12.
    """
    if _PLAIN_INT.fullmatch(text) and (value := read_int(text)) is not None:
        return value
    start = _scanned_space(text)
    if start is None:
        return None
    found = _FLOAT_TOKEN.match(text, start)
    token = found.group() if found else b""
    mantissa, p, exponent = token.partition(b"p")
    if p and not re.search(rb"[xX]", token):
        number, power = read_float(mantissa), read_int(exponent)
        if number is None or power is None:
            return None
        return _scaled(number, power)
    return read_float(token)


def _scaled(number: float, power: int) -> float:
    """math.Ldexp."""
    try:
        return math.ldexp(number, max(-5000, min(5000, power)))
    except OverflowError:
        return math.copysign(math.inf, number)


def _scanned_space(text: bytes) -> int | None:
    """Where a number may begin; None where fmt refuses a line's end before it."""
    at = skip_space(text, 0)
    return None if b"\n" in text[:at] else at
