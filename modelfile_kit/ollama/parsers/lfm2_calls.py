"""Calls as LFM2 writes them, nearly Python: `[get_weather(city='Paris', days=2)]` (model/parsers/lfm2.go).

Escapes in quoted texts stay as they are written; lists and objects are read as JSON, else after their Python
words and quotes were turned into those of JSON.
"""

from __future__ import annotations

import re
from typing import Any

from ..reply_types import ReplyError
from .go_json import read_value
from .go_numbers import read_float, read_int
from .go_text import as_json_text, trim
from .protocol import Arguments

# Bytes that Go takes for white space where it looks at bytes alone.
_SPACE_BYTES = b"\t\n\v\f\r \x85\xa0"
_QUOTED = re.compile(rb"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_IDENTIFIER = re.compile(rb"[A-Za-z_][A-Za-z_0-9]*")
_PYTHON = {b"True": b"true", b"False": b"false", b"None": b"null"}
_WORDS: dict[bytes, Any] = {
    **dict.fromkeys((b"true", b"True"), True),
    **dict.fromkeys((b"false", b"False"), False),
    **dict.fromkeys((b"null", b"None")),
    b"": "",
}


def read_calls(text: bytes) -> list[tuple[bytes, Arguments]]:
    """One call or several; raises ReplyError where there is none, or anything else."""
    text = trim(text)
    if text.startswith(b"[") and text.endswith(b"]"):
        text = text[1:-1]
    calls: list[tuple[bytes, Arguments]] = []
    while text := _next(text):
        bracket = text.find(b"(")
        name = trim(text[:bracket]) if bracket >= 0 else b""
        end = _closing(text, bracket + 1)
        if not name or end < 0:
            raise ReplyError("no call")
        calls.append((name, _read_arguments(text[bracket + 1 : end])))
        text = text[end + 1 :]
    if not calls:
        raise ReplyError("no calls")
    return calls


def _next(text: bytes) -> bytes:
    """What is left, without the comma behind the last call."""
    text = trim(text)
    return trim(text[1:]) if text.startswith(b",") else text


def _closing(text: bytes, at: int) -> int:
    """The place of the bracket that closes the one before `at`, -1 where none does."""
    depth = 1
    while at < len(text):
        char = text[at : at + 1]
        if char in b"'\"":
            at = _quote_end(text, at)
            continue
        depth += (char == b"(") - (char == b")")
        if depth == 0:
            return at
        at += 1
    return -1


def _quote_end(text: bytes, at: int) -> int:
    """The place behind a quoted text; behind everything where it does not end."""
    found = _QUOTED.match(text, at)
    return found.end() if found else len(text)


def _read_arguments(text: bytes) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    at = _skip(text, 0, b"," + _SPACE_BYTES)
    while at < len(text):
        end = next((i for i in range(at, len(text)) if text[i] in b"=,"), len(text))
        name = trim(text[at:end])
        start = _skip(text, end + 1, _SPACE_BYTES)
        if text[end : end + 1] != b"=" or not name or start >= len(text):
            raise ReplyError("an argument without name or value")
        value, at = _read_value(text, start)
        arguments[as_json_text(name)] = value
        at = _skip(text, at, b"," + _SPACE_BYTES)
    return arguments


def _skip(text: bytes, at: int, chars: bytes) -> int:
    while at < len(text) and text[at] in chars:
        at += 1
    return at


def _read_value(text: bytes, at: int) -> tuple[Any, int]:
    """The value that begins at `at`, and the place behind it."""
    if text[at] in b"'\"":
        found = _QUOTED.match(text, at)
        if not found:
            raise ReplyError("a text without an end")
        return as_json_text(found.group()[1:-1]), found.end()
    depths = {b"(": 0, b"[": 0, b"{": 0}
    opening = {b")": b"(", b"]": b"[", b"}": b"{"}
    end = at
    while end < len(text):
        char = text[end : end + 1]
        if char in b"'\"":
            end = _quote_end(text, end)
            continue
        if char in depths:
            depths[char] += 1
        elif char in opening:
            depths[opening[char]] = max(0, depths[opening[char]] - 1)
        elif char == b"," and not any(depths.values()):
            break
        end += 1
    return _literal(trim(text[at:end])), end


def _literal(token: bytes) -> Any:
    if token in _WORDS:
        return _WORDS[token]
    number = read_int(token)
    value = number if number is not None else read_float(token)
    if value is not None:
        return value
    if token.startswith((b"[", b"{")):
        for candidate in (token, _as_json(token)):
            try:
                return read_value(candidate)
            except ReplyError:
                continue
    return as_json_text(token)


def _as_json(text: bytes) -> bytes:
    """Python's quotes and words as those of JSON; an unfinished text stays unfinished."""
    out: list[bytes] = []
    at = 0
    while at < len(text):
        quoted = _QUOTED.match(text, at)
        name = _IDENTIFIER.match(text, at)
        if quoted:
            out.append(_requoted(quoted.group()))
        elif name:
            out.append(_PYTHON.get(name.group(), name.group()))
        else:
            out.append(text[at : at + 1])
        found = quoted or name
        at = found.end() if found else at + 1
    return b"".join(out)


def _requoted(text: bytes) -> bytes:
    inner = text[1:-1]
    if text.startswith(b"'"):
        inner = re.sub(rb'(\\.)|"', lambda m: m[1] or b'\\"', inner, flags=re.DOTALL)
    return b'"' + inner + b'"'
