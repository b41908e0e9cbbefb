"""The numbers that a template may hold.

Source: Go 1.26, text/template/parse/node.go (newNumber) and fmt/scan.go (complex numbers).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ..values.strconv import LiteralError, parse_float, parse_int, quote, unquote_char

_MAX_INT64 = (1 << 63) - 1
_MIN_INT64 = -(1 << 63)
_MAX_UINT64 = (1 << 64) - 1


@dataclass(frozen=True)
class Number:
    """A numeric constant under every type that can hold it (parse.NumberNode)."""

    is_int: bool = False
    is_uint: bool = False
    is_float: bool = False
    is_complex: bool = False
    int64: int = 0
    uint64: int = 0
    float64: float = 0.0
    complex128: complex = 0j


def parse_number(text: str, *, pair: bool = False) -> Number:
    """newNumber: the value of a number or character literal.

    pair: the literal is a complex pair such as `1+2i`. Raises LiteralError with Go's text.
    """
    if text.isdigit() and text.isascii() and (text[0] != "0" or text == "0") and len(text) < 19:
        value = int(text)
        return Number(True, True, True, False, value, value, float(value))
    if text[:1] == "'":
        return _char_number(text)
    if pair:
        return _complex_number(_scan_complex(text))
    if text[-1:] == "i":
        try:
            return _complex_number(complex(0, parse_float(text[:-1])))
        except LiteralError:
            pass
    number = _integer_number(text) or _float_number(text)
    if number is None:
        raise LiteralError(f"illegal number syntax: {quote(text)}")
    return number


def _char_number(text: str) -> Number:
    code, _, tail = unquote_char(text[1:], "'")
    if tail != "'":
        raise LiteralError(f"malformed character constant: {text}")
    return Number(True, True, True, False, code, code, float(code))


def _integer_number(text: str) -> Number | None:
    unsigned = parse_int(text, signed=False)
    signed = parse_int(text, signed=True)
    if signed is not None:
        is_uint = unsigned is not None or signed == 0
        return Number(True, is_uint, True, False, signed, unsigned or 0, float(signed))
    if unsigned is not None:
        return Number(False, True, True, False, 0, unsigned, float(unsigned))
    return None


def _float_number(text: str) -> Number | None:
    try:
        value = parse_float(text)
    except LiteralError:
        return None
    if not any(c in text for c in ".eEpP"):
        raise LiteralError(f"integer overflow: {quote(text)}")
    return _from_float(value)


def _from_float(value: float, *, is_complex: bool = False, pair: complex = 0j) -> Number:
    as_int, as_uint = _to_int64(value), _to_uint64(value)
    is_int, is_uint = float(as_int) == value, float(as_uint) == value
    return Number(
        is_int, is_uint, True, is_complex, as_int if is_int else 0, as_uint if is_uint else 0, value, pair
    )


def _complex_number(value: complex) -> Number:
    """Complex constants whose imaginary part is zero are also what their real part is."""
    if value.imag != 0:
        return Number(is_complex=True, complex128=value)
    return _from_float(value.real, is_complex=True, pair=value)


def _to_int64(value: float) -> int:
    """Go's int64(f) on amd64: what does not fit becomes the smallest integer."""
    if not math.isfinite(value) or not _MIN_INT64 <= int(value) <= _MAX_INT64:
        return _MIN_INT64
    return int(value)


def _to_uint64(value: float) -> int:
    """Go's uint64(f) on amd64: negative numbers wrap, what does not fit becomes 1<<63."""
    if not math.isfinite(value) or int(value) > _MAX_UINT64 or int(value) < _MIN_INT64:
        return 1 << 63
    return int(value) & _MAX_UINT64


# What fmt's scanner takes for a float; an `i` that could begin "inf" is swallowed.
_FLOAT_TOKEN = re.compile(
    r"[+-]?i?(?:0[xX][0-9a-fA-F_]*\.?[0-9a-fA-F_]*(?:[pP][+-]?[0-9_]*)?"
    r"|[0-9_]*\.?[0-9_]*(?:[eEpP][+-]?[0-9_]*)?)"
)


def _scan_complex(text: str) -> complex:
    """fmt.Sscan of a complex number: two floats and an `i`; what follows is not looked at."""
    real = _float_token(text)
    rest = text[len(real) :]
    if rest[:1] not in ("+", "-"):
        raise LiteralError("syntax error scanning complex number")
    imag = rest[0] + _float_token(rest[1:])
    if rest[len(imag) : len(imag) + 1] != "i":
        raise LiteralError("syntax error scanning complex number")
    return complex(parse_float(real), parse_float(imag))


def _float_token(text: str) -> str:
    match = _FLOAT_TOKEN.match(text)
    assert match is not None
    return match.group()
