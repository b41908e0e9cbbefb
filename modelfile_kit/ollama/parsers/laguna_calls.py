"""Calls as laguna's models write them: names and values between tags, or JSON (model/parsers/laguna.go)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ..reply_types import ReplyError
from .go_json import read_arguments, read_struct
from .go_text import as_json_text, encode, trim
from .protocol import Tool, tool_named
from .typed_values import value_of

CALL, CALLED = b"<tool_call>", b"</tool_call>"
_KEY, _VALUE_END = b"<arg_key>", b"</arg_value>"
_KEY_END = re.compile(rb"</arg_key>[\t\n\f\r ]*<arg_value>")
_ALIASES = {b"read_file": b"read", b"write_file": b"write", b"edit_file": b"edit", b"web_fetch": b"webfetch"}


def read_call(raw: bytes, tools: Sequence[Tool]) -> tuple[bytes, dict[str, Any] | None]:
    """A call's name and arguments; raises ReplyError where its JSON is none."""
    raw = _clean(raw)
    if raw.startswith(b"{"):
        found = read_struct(raw, name="text", arguments="arguments")
        if not found.get("name"):
            raise ReplyError("empty Laguna tool call name")
        return _resolve(encode(found["name"]), tools)[0], found.get("arguments", {})
    start = raw.find(b"<arg_key>")
    start = start if start >= 0 else raw.find(b"{")
    name, text = (raw[:start], raw[start:]) if start >= 0 else (raw, b"")
    name, _ = _resolve(trim(name), tools)
    if trim(text).startswith(b"{"):
        return name, read_arguments(trim(text))
    tool = tool_named(tools, name)
    arguments: dict[str, Any] = {}
    for written, value in _arguments(text):
        key = trim(written)
        arguments[as_json_text(key)] = value_of(value, tool.types(key) if tool else ())
    return name, arguments


def _arguments(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and values. Where one does not end, none behind it does."""
    at = 0
    while (start := text.find(_KEY, at)) >= 0:
        key_end = _KEY_END.search(text, start + len(_KEY))
        end = text.find(_VALUE_END, key_end.end()) if key_end else -1
        if key_end is None or end < 0:
            return
        yield text[start + len(_KEY) : key_end.start()], text[key_end.end() : end]
        at = end + len(_VALUE_END)


def is_known(raw: bytes, tools: Sequence[Tool]) -> bool:
    """Whether a call names a tool of the request."""
    raw = _clean(_clean(raw))
    if raw.startswith(b"{"):
        try:
            name = encode(read_struct(raw, name="text").get("name", ""))
        except ReplyError:
            return False
    else:
        ends = (raw.find(b"<arg_key>"), raw.find(b"{"), _line_end(raw))
        name = raw[: next((end for end in ends if end >= 0), len(raw))]
    name = trim(name)
    return name != b"" and _resolve(name, tools)[1]


def _line_end(text: bytes) -> int:
    found = re.search(rb"[\r\n]", text)
    return found.start() if found else -1


def _resolve(name: bytes, tools: Sequence[Tool]) -> tuple[bytes, bool]:
    """The tool's own name for one that models use instead, and whether there is such a tool."""
    for candidate in (name, _ALIASES.get(name)):
        if candidate is not None and tool_named(tools, candidate):
            return candidate, True
    return name, False


def _clean(raw: bytes) -> bytes:
    """The call without tags around and in it."""
    raw = trim(raw)
    while raw.startswith(CALL):
        raw = trim(raw[len(CALL) :])
    raw = trim(raw.partition(CALLED)[0])
    before, found, after = raw.partition(CALL)
    return trim(before) or trim(after) if found else raw
