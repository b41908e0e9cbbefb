"""PARSER functiongemma (model/parsers/functiongemma.go).

    <start_function_call>call:get_weather{city:<escape>Paris<escape>}<end_function_call>

Values without `<escape>` are guessed at: a text that begins with a number is that number. An argument that is
`<escape>` alone ends the server.
"""

from __future__ import annotations

import re
from typing import Any

from ..reply_types import ReplyError
from .go_numbers import scan_number
from .go_text import as_json_text, overlap
from .protocol import Arguments, SteppingParser

_OPENING, _CLOSING = b"<start_function_call>", b"<end_function_call>"
_CALL = b"call:"
_ESCAPE = b"<escape>"
_TOKEN = re.compile(rb"<escape>|[{}\[\],]")


class FunctionGemma(SteppingParser):
    """Content and calls; no thoughts."""

    thinking = False
    preserved = (_OPENING.decode(), _CLOSING.decode())
    in_call = False

    def step(self, done: bool) -> bool:
        if not self.buffer:
            return False
        if self.in_call:
            call, closed, rest = self.buffer.partition(_CLOSING)
            if closed:
                self.buffer = rest
                self.out.calls.append(_read_call(call))
                # What stands between this call and the next one goes into the next one.
                self.in_call = _OPENING in rest
            return bool(closed)
        content, opened, rest = self.buffer.partition(_OPENING)
        if not opened:
            cut = len(content) - overlap(content, _OPENING)
            content, rest = content[:cut], content[cut:]
        self.out.content.append(content)
        self.buffer = rest
        self.in_call = bool(opened)
        return bool(opened)


def _read_call(raw: bytes) -> tuple[bytes, Arguments]:
    name, pairs = _parts(raw)
    return name, _read_pairs(pairs)


def _parts(raw: bytes) -> tuple[bytes, bytes]:
    """What `call:([^{]+)\\{(.*)\\}` finds, in one walk over the text as Go's engine has it."""
    start = hopeless = 0  # the line that ends there has no closing brace behind an opening one
    while (start := raw.find(_CALL, start)) >= 0:
        name = start + len(_CALL)
        brace = raw.find(b"{", name)
        if brace < 0:
            break
        if brace > name and brace >= hopeless:
            end = raw.find(b"\n", brace)
            end = len(raw) if end < 0 else end
            close = raw.rfind(b"}", brace, end)
            if close >= 0:
                return raw[name:brace], raw[brace + 1 : close]
            hopeless = end
        # Every call before this brace is cut at it too.
        start = brace if brace > name else name
    return b"", b""


def _read_pairs(text: bytes) -> dict[str, Any]:
    """`name:value` between commas; what has no colon is left out."""
    pairs: dict[str, Any] = {}
    for part in _split(text):
        name, colon, value = part.partition(b":")
        if colon:
            pairs[as_json_text(name)] = _read_value(value)
    return pairs


def _split(text: bytes) -> list[bytes]:
    """The parts between commas that stand in no brackets and in no escaped text; empty ones are left out."""
    parts: list[bytes] = []
    begin, depth, escaped = 0, 0, False
    for token in _TOKEN.finditer(text):
        found = token.group()
        if found == _ESCAPE:
            escaped = not escaped
        elif not escaped and found in b"{[":
            depth += 1
        elif not escaped and found in b"}]":
            depth -= 1
        elif not escaped and depth == 0:
            parts.append(text[begin : token.start()])
            begin = token.end()
    return [part for part in (*parts, text[begin:]) if part]


def _read_value(text: bytes) -> Any:
    if text == _ESCAPE:
        raise ReplyError("an argument that is `<escape>` alone", crash=True)
    if text.startswith(_ESCAPE) and text.endswith(_ESCAPE):
        return as_json_text(text[len(_ESCAPE) : -len(_ESCAPE)])
    if text in (b"true", b"false"):
        return text == b"true"
    number = scan_number(text)
    if number is not None:
        return number
    if text.startswith(b"[") and text.endswith(b"]"):
        return [_read_value(part) for part in _split(text[1:-1])] or None
    if text.startswith(b"{") and text.endswith(b"}"):
        return _read_pairs(text[1:-1])
    return as_json_text(text)
