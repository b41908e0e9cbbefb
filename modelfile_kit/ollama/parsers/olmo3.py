"""PARSER olmo3 and olmo3-think (model/parsers/olmo3.go, olmo3_think.go).

olmo3 writes calls like Python, one a line: `get_weather(city="Paris", days=2)`. Of characters outside of
ASCII only the first byte is kept, so they are lost. A value that is one quotation mark ends the server. What
arrives together with the end of the reply is content, or nothing inside a call. olmo3-think has no calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..reply_types import ReplyError
from ..versions import Target
from .go_numbers import read_float, read_int
from .go_text import as_json_text, decode, encode, hold_back, overlap, split_at, trim
from .protocol import Arguments, Request, SteppingParser

_OPENING, _CLOSING = b"<function_calls>", b"</function_calls>"
_THOUGHT = b"</think>"
_CALL = re.compile(rb"([0-9A-Za-z_]+)\((.*)\)")


class Olmo3(SteppingParser):
    """olmo3: content and calls."""

    thinking = False
    preserved = (_OPENING.decode(), _CLOSING.decode())
    state = "content"

    def read(self, done: bool) -> None:
        if not done:
            super().read(done)
            return
        if self.state == "content":
            self.out.content.append(self.buffer)
        self.buffer = b""

    def step(self, done: bool) -> bool:
        if not self.buffer:
            return False
        if self.state == "calls":
            return self._calls()
        if self.state == "called":
            self.out.content.append(self.buffer)
            self.buffer = b""
            self.state = "content"
            return False
        content, opened, rest = self.buffer.partition(_OPENING)
        if opened:
            self.state = "calls"
        else:
            cut = len(content) - overlap(content, _OPENING)
            content, rest = content[:cut], content[cut:]
        self.out.content.append(content)
        self.buffer = rest
        return bool(opened)

    def _calls(self) -> bool:
        calls, closed, rest = self.buffer.partition(_CLOSING)
        if closed:
            self.buffer = rest
            self.state = "called"
            try:
                self.out.calls += _read_calls(calls)
            except ReplyError as e:
                if e.crash:
                    raise  # every other failure is logged, and the calls are lost
        return bool(closed)


class Olmo3Think(SteppingParser):
    """olmo3-think: replies begin inside a thought; the request's `think` is not asked."""

    tools = False
    preserved = ("</think>",)

    def __init__(self, request: Request, target: Target) -> None:
        super().__init__(request, target)
        self.state = "content" if request.prefilled else "thinking"

    def thinking_close(self) -> tuple[str, ...]:
        return ("</think>",) if self.state == "thinking" else ()

    def step(self, done: bool) -> bool:
        if self.state == "content":
            self.out.content.append(self.buffer)
            self.buffer = b""
            return False
        if _THOUGHT in self.buffer:
            thought, self.buffer = split_at(self.buffer, _THOUGHT)
            self.out.thinking.append(thought)
            self.state = "content"
            return True
        thought, self.buffer = hold_back(self.buffer, _THOUGHT)
        self.out.thinking.append(thought)
        return False


def _read_calls(text: bytes) -> list[tuple[bytes, Arguments]]:
    lines = (trim(line) for line in trim(text).split(b"\n"))
    return [_read_call(line) for line in lines if line]


def _read_call(line: bytes) -> tuple[bytes, Arguments]:
    found = _CALL.fullmatch(line)
    if not found:
        raise ReplyError("no call")
    return found[1], _read_pairs(found[2], b"=", trim)


def _read_pairs(text: bytes, between: bytes, name_of: Callable[[bytes], bytes]) -> dict[str, Any]:
    """Names and values between commas."""
    pairs: dict[str, Any] = {}
    for part in _split(trim(text)):
        if not trim(part):
            continue
        name, found, value = trim(part).partition(between)
        if not found:
            raise ReplyError("an argument without a value")
        key = as_json_text(name_of(trim(name)))
        pairs[key] = _read_value(trim(value))
    return pairs


def _split(text: bytes) -> list[bytes]:
    """The parts between commas that stand in no quotes and in no brackets."""
    parts = [bytearray()]
    depth, quote, escaped = 0, b"", False
    for char in decode(text):
        byte = encode(char)[:1]
        if escaped:
            escaped = False
        elif quote:
            escaped = byte == b"\\"
            quote = b"" if byte == quote else quote
        elif byte in b"\"'":
            quote = byte
        elif byte in b"([{":
            depth += 1
        elif byte in b")]}":
            depth -= 1
        elif byte == b"," and depth == 0:
            parts.append(bytearray())
            continue
        parts[-1] += byte
    return [bytes(part) for part in (parts if parts[-1] else parts[:-1])]


def _unquoted(text: bytes) -> bytes | None:
    """What stands between quotes; None where there are none."""
    for quote in (b'"', b"'"):
        if text.startswith(quote) and text.endswith(quote):
            if len(text) == 1:
                raise ReplyError("a quotation mark alone", crash=True)
            return text[1:-1]
    return None


def _name(text: bytes) -> bytes:
    inner = _unquoted(text)
    return text if inner is None else inner


_WORDS: dict[bytes, bool | None] = {
    **dict.fromkeys((b"true", b"True"), True),
    **dict.fromkeys((b"false", b"False"), False),
    **dict.fromkeys((b"null", b"None", b"nil")),
}


def _read_value(text: bytes) -> Any:
    text = trim(text)
    inner = _unquoted(text)
    if inner is not None:
        return as_json_text(_unescape(inner))
    if text in _WORDS:
        return _WORDS[text]
    number = read_int(text)
    if number is not None:
        return number
    value = read_float(text)
    if value is not None:
        return value
    if text.startswith(b"[") and text.endswith(b"]"):
        inside = trim(text[1:-1])
        return [_read_value(part) for part in _split(inside)]
    if text.startswith(b"{") and text.endswith(b"}"):
        return _read_pairs(text[1:-1], b":", _name)
    return as_json_text(text)


def _unescape(text: bytes) -> bytes:
    text = text.replace(b"\\\\", b"\0")
    for escape, char in ((b'\\"', b'"'), (b"\\'", b"'"), (b"\\n", b"\n"), (b"\\t", b"\t"), (b"\\r", b"\r")):
        text = text.replace(escape, char)
    return text.replace(b"\0", b"\\")
