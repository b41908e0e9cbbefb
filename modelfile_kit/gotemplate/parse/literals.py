"""Go's literals: quoting and unquoting of strings and characters, and the numbers a template may hold.

Source: Go 1.26, packages strconv and text/template/parse (node.go, newNumber) and fmt (scan.go).
Strings are in the form that `values.py` describes: a byte that is not UTF-8 is a lone surrogate.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ..values.gounicode import is_print
from ..values.values import canonical

_MAX_INT64 = (1 << 63) - 1
_MIN_INT64 = -(1 << 63)
_MAX_UINT64 = (1 << 64) - 1
_NAMED = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_ESCAPES = {e[1]: c for c, e in _NAMED.items()} | {"\\": "\\"}
_HEX_LENGTH = {"x": 2, "u": 4, "U": 8}
_PLAIN = re.compile(r"[ !#-\[\]-~]*\Z")  # printable ASCII without quote and backslash


class LiteralError(ValueError):
    """A literal that Go refuses; the text is Go's."""


def is_raw_byte(char: str) -> bool:
    """Whether it stands for a byte that is not UTF-8."""
    return "\udc80" <= char <= "\udcff"


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
    unsigned = _try_int(text, signed=False)
    signed = _try_int(text, signed=True)
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


def _try_int(text: str, *, signed: bool) -> int | None:
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


_DECIMAL = re.compile(r"[+-]?(?=[0-9_.]*[0-9])[0-9_]*\.?[0-9_]*(?:[eE][+-]?[0-9][0-9_]*)?")
_HEX = re.compile(
    r"[+-]?0[xX](?=[0-9a-fA-F_.]*[0-9a-fA-F])[0-9a-fA-F_]*\.?[0-9a-fA-F_]*[pP][+-]?[0-9][0-9_]*"
)
# What fmt's scanner takes for a float; an `i` that could begin "inf" is swallowed.
_FLOAT_TOKEN = re.compile(
    r"[+-]?i?(?:0[xX][0-9a-fA-F_]*\.?[0-9a-fA-F_]*(?:[pP][+-]?[0-9_]*)?"
    r"|[0-9_]*\.?[0-9_]*(?:[eEpP][+-]?[0-9_]*)?)"
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


def join(*parts: str) -> str:
    """Strings one after the other; bytes that only together are UTF-8 become the character."""
    return canonical("".join(parts))


def encode_rune(code: int) -> str:
    """The string of one rune; what is no rune becomes U+FFFD."""
    return chr(code) if 0 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"
