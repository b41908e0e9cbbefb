"""Go's package strconv: literals quoted and read, numbers as text and back. Source: Go 1.26."""

from __future__ import annotations

import math
import re
import struct
from fractions import Fraction
from typing import NamedTuple

from .representation import canonical, is_raw_byte
from .unicode_tables import is_print

_MAX_INT64 = (1 << 63) - 1
_MIN_INT64 = -(1 << 63)
_MAX_UINT64 = (1 << 64) - 1
_NAMED = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_ESCAPES = {e[1]: c for c, e in _NAMED.items()} | {"\\": "\\"}
_HEX_LENGTH = {"x": 2, "u": 4, "U": 8}
_PLAIN = re.compile(r"[ !#-\[\]-~]*\Z")  # printable ASCII without quote and backslash


class LiteralError(ValueError):
    """A literal that Go refuses; the text is Go's."""


def quote(text: str, *, ascii_only: bool = False, mark: str = '"') -> str:
    """strconv.Quote (or QuoteToASCII): the text as a Go string literal."""
    if mark == '"' and _PLAIN.match(text):
        return f'"{text}"'
    return mark + "".join(_escaped(c, mark, ascii_only) for c in text) + mark


def _escaped(char: str, mark: str, ascii_only: bool) -> str:
    code = ord(char)
    if is_raw_byte(char):
        return f"\\x{code & 0xFF:02x}"
    if char in (mark, "\\"):
        return "\\" + char
    if is_print(char) and (code < 0x80 or not ascii_only):
        return char
    if char in _NAMED:
        return _NAMED[char]
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def quote_rune(code: int, *, ascii_only: bool = False) -> str:
    """strconv.QuoteRune (or QuoteRuneToASCII): a character literal; what is no rune becomes U+FFFD."""
    if not 0 <= code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        code = 0xFFFD
    return f"'{_escaped(chr(code), chr(39), ascii_only)}'"


def can_backquote(text: str) -> bool:
    """strconv.CanBackquote: whether it can be a one-line raw string."""
    return not any(is_raw_byte(c) or c in "\ufeff`\x7f" or (c < " " and c != "\t") for c in text)


def unquote(literal: str) -> str:
    """strconv.Unquote of a string literal with its quotes; raises LiteralError."""
    mark, body = literal[:1], literal[1:-1]
    if len(literal) < 2 or literal[-1] != mark or mark not in ('"', "`"):
        raise LiteralError("invalid syntax")
    if mark == "`":
        if "`" in body:
            raise LiteralError("invalid syntax")
        return body.replace("\r", "")
    if "\\" not in body and "\n" not in body and '"' not in body:
        return _with_replaced_bytes(body)
    # What is not UTF-8 in the source is read as U+FFFD, what is escaped as a byte stays that byte.
    return canonical(_ESCAPED.sub(_unescaped, _with_replaced_bytes(body)))


_ESCAPED = re.compile(
    r'\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|[abfnrtv\\"])|[\\"\n]'
)


def _unescaped(match: re.Match[str]) -> str:
    found = match.group()
    if len(found) == 1:
        raise LiteralError("invalid syntax")
    code, multibyte, _ = unquote_char(found, '"')
    return chr(code) if multibyte or code < 0x80 else chr(0xDC00 + code)


def _with_replaced_bytes(text: str) -> str:
    return text if text.isascii() else "".join("\ufffd" if is_raw_byte(c) else c for c in text)


def unquote_char(text: str, mark: str) -> tuple[int, bool, str]:
    """strconv.UnquoteChar: first character's value, whether it is a rune (else a byte), and the rest."""
    first = text[:1]
    if not first or first == mark:
        raise LiteralError("invalid syntax")
    if first != "\\":
        code = 0xFFFD if is_raw_byte(first) else ord(first)
        return code, code >= 0x80, text[1:]
    kind, rest = text[1:2], text[2:]
    if kind in _HEX_LENGTH:
        digits = rest[: _HEX_LENGTH[kind]]
        if len(digits) < _HEX_LENGTH[kind] or not re.fullmatch("[0-9a-fA-F]+", digits):
            raise LiteralError("invalid syntax")
        code = int(digits, 16)
        if kind != "x" and (code > 0x10FFFF or 0xD800 <= code <= 0xDFFF):
            raise LiteralError("invalid syntax")
        return code, kind != "x", rest[len(digits) :]
    octal = re.match("[0-3][0-7]{2}", text[1:4])
    if octal:
        return int(octal.group(), 8), False, text[4:]
    if kind and kind in _ESCAPES:
        return ord(_ESCAPES[kind]), False, rest
    if kind and kind == mark:
        return ord(kind), False, rest
    raise LiteralError("invalid syntax")


def encode_rune(code: int) -> str:
    """The string of one rune; what is no rune becomes U+FFFD."""
    return chr(code) if 0 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"


# Numbers that are read.


def _underscores_ok(text: str) -> bool:
    """strconv's underscoreOK: an underscore stands between digits, or after a base prefix."""
    body = text[1:] if text[:1] in ("+", "-") else text
    digits, before = "0123456789", False
    if body[:2].lower() in ("0b", "0o", "0x"):
        digits = digits + "abcdefABCDEF" if body[1] in "xX" else digits
        body, before = body[2:], True
    for i, char in enumerate(body):
        if char == "_" and not (before and body[i + 1 : i + 2] and body[i + 1] in digits):
            return False
        before = char in digits
    return True


def parse_int(text: str, *, signed: bool) -> int | None:
    """strconv.ParseInt or ParseUint with base 0 and 64 bits; None where they refuse."""
    body, negative = text, False
    if signed and text[:1] in ("+", "-"):
        body, negative = text[1:], text[0] == "-"
    match = re.fullmatch(
        r"0[bB]([01_]+)|0[oO]([0-7_]+)|0[xX]([0-9a-fA-F_]+)|(0[0-7_]*)|([1-9_][0-9_]*)", body
    )
    if match is None or match.lastindex is None or ("_" in body and not _underscores_ok(body)):
        return None
    base = (2, 8, 16, 8, 10)[match.lastindex - 1]
    digits = match[match.lastindex].replace("_", "")
    if not digits:
        return None if match.lastindex != 4 else 0
    if len(digits.lstrip("0")) > 64:  # more than any base needs for 64 bits
        return None
    value = int(digits, base)
    if not signed:
        return value if value <= _MAX_UINT64 else None
    value = -value if negative else value
    return value if _MIN_INT64 <= value <= _MAX_INT64 else None


_DECIMAL = re.compile(r"[+-]?(?=[0-9_.]*[0-9])[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9][0-9_]*)?")
_HEX = re.compile(
    r"[+-]?0[xX](?=[0-9a-fA-F_.]*[0-9a-fA-F])[0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?[pP][+-]?[0-9][0-9_]*"
)


def parse_float(text: str) -> float:
    """strconv.ParseFloat(text, 64) of what a template's lexer takes for a number; raises LiteralError."""
    is_hex = _HEX.fullmatch(text) is not None
    if (not is_hex and not _DECIMAL.fullmatch(text)) or ("_" in text and not _underscores_ok(text)):
        raise LiteralError(f"strconv.ParseFloat: parsing {quote(text)}: invalid syntax")
    digits = text.replace("_", "")
    try:
        value = float.fromhex(digits) if is_hex else float(digits)
    except OverflowError:
        value = math.inf
    if math.isinf(value):
        raise LiteralError(f"strconv.ParseFloat: parsing {quote(text)}: value out of range")
    return value


# Numbers that are written (FormatFloat).


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
