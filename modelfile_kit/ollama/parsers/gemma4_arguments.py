"""Arguments as Gemma 4 writes them: names without quotes, texts between `<|"|>` (model/parsers/gemma4.go).

They are turned into JSON. Where that fails, repairs are tried: texts in single quotes, a text whose end is
missing, a missing brace, and words without quotes where the tool declares a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ...gotemplate.values.unicode_tables import is_digit, is_letter
from ..reply_types import ReplyError
from . import go_json
from .go_text import as_json_text, skip_space, trailing_space, trim_left
from .protocol import Tool

_QUOTE = b'<|"|>'
_QUOTED = re.compile(rb'<\|"\|>(.*?)<\|"\|>', re.DOTALL)
_STRING_END = re.compile(rb'(?:[^"\\]|\\.)*"', re.DOTALL)


def read_arguments(raw: bytes, tool: Tool | None) -> dict[str, Any] | None:
    """The arguments from their opening brace on; tool: the declared one. Raises ReplyError where it fails."""
    for candidate in _candidates(raw, tool):
        try:
            return go_json.read_arguments(_as_json(candidate))
        except ReplyError:
            continue
    raise ReplyError("the arguments are no JSON, and no repair makes them so")


def _as_json(text: bytes) -> bytes:
    texts: list[bytes] = []

    def put_aside(found: re.Match[bytes]) -> bytes:
        texts.append(found[1])
        return _place(len(texts) - 1)

    text = _quote_names(_QUOTED.sub(put_aside, text))
    for i, value in enumerate(texts):
        text = text.replace(_place(i), json.dumps(as_json_text(value)).encode())
    return text


def _place(number: int) -> bytes:
    """What stands for the text of that number meanwhile."""
    rune = "\ufffd" if 0xD800 <= number <= 0xDFFF or number > 0x10FFFF else chr(number)
    return b"\0" + rune.encode() + b"\0"


def _quote_names(text: bytes) -> bytes:
    out: list[bytes] = []
    at = 0
    while at < len(text):
        char = text[at : at + 1]
        end = _string_end(text, at) if char == b'"' else -1
        if end >= 0:
            out.append(text[at:end])
            at = end
            continue
        at += 1
        out.append(char)
        if char not in (b"{", b","):
            continue
        start = skip_space(text, at)
        end = _name_end(text, start)
        out.append(text[at:start])
        at = start
        if end > start and text[end : end + 1] == b":":
            out.append(b'"' + text[start:end] + b'":')
            at = end + 1
    return b"".join(out)


def _string_end(text: bytes, at: int) -> int:
    """The place behind the JSON text that begins at `at`, -1 where it does not end."""
    found = _STRING_END.match(text, at + 1)
    return found.end() if found else -1


def _name_end(text: bytes, at: int) -> int:
    """The place behind the letters, digits and underscores from `at` on."""
    while at < len(text):
        size = 1 if text[at] < 0x80 else 2 if text[at] < 0xE0 else 3 if text[at] < 0xF0 else 4
        try:
            char = text[at : at + size].decode("utf-8")
        except UnicodeDecodeError:
            break
        if char != "_" and not is_letter(char) and not is_digit(char):
            break
        at += size
    return at


def _candidates(raw: bytes, tool: Tool | None) -> Iterator[bytes]:
    """The arguments as they are, then with the repairs, each text once."""
    yield raw
    repaired = _single_quotes(raw)
    repaired = _last_quote(repaired)
    if repaired != raw:
        repaired = _last_brace(repaired)
    yield repaired
    quoted = _quote_last_text(raw, tool) if tool else None
    if quoted is not None:
        yield _last_brace(_last_quote(_single_quotes(quoted)))


def _last_quote(text: bytes) -> bytes:
    """With the quote that is missing, before a brace or bracket at the end."""
    if text.count(_QUOTE) % 2 == 0:
        return text
    end = len(text) - trailing_space(text)
    if end > 0 and text[end - 1] in b"}]":
        end -= 1
    return text[:end] + _QUOTE + text[end:]


def _last_brace(text: bytes) -> bytes:
    end = len(text) - trailing_space(text)
    if not trim_left(text).startswith(b"{") or text[:end].endswith(b"}"):
        return text
    return text[:end] + b"}" + text[end:]


def _single_quotes(text: bytes) -> bytes:
    """With values in single quotes as Gemma's texts; a quote of Gemma's that follows one is dropped."""
    out: list[bytes] = []
    at = 0
    while at < len(text):
        end = _skipped(text, at)
        if end is None:
            out.append(text[at:])
            break
        if end > at:
            out.append(text[at:end])
            at = end
            continue
        char = text[at : at + 1]
        out.append(char)
        at += 1
        if char != b":":
            continue
        start = skip_space(text, at)
        out.append(text[at:start])
        at = start
        end = _single_quoted_end(text, at) if text[at : at + 1] == b"'" else -1
        if end >= 0:
            out += [_QUOTE, text[at + 1 : end - 1], _QUOTE]
            at = end + len(_QUOTE) if text.startswith(_QUOTE, end) else end
    return b"".join(out)


def _skipped(text: bytes, at: int) -> int | None:
    """The place behind a quoted text that begins here, the place itself for none, None for an endless one."""
    if text.startswith(_QUOTE, at):
        end = text.find(_QUOTE, at + len(_QUOTE))
        return end + len(_QUOTE) if end >= 0 else None
    if text[at : at + 1] == b'"':
        end = _string_end(text, at)
        return end if end >= 0 else at
    return at


def _single_quoted_end(text: bytes, at: int) -> int:
    found = re.compile(rb"(?:[^'\\]|\\.)*'", re.DOTALL).match(text, at + 1)
    return found.end() if found else -1


def _quote_last_text(text: bytes, tool: Tool) -> bytes | None:
    """With quotes around the first value without any whose parameter is a text; None where there is none."""
    for name, schema in tool.properties.items():
        if not schema.is_text:
            continue
        start = 0
        while (start := _value_of(text, name, start)) >= 0:
            if not _is_structured(text, skip_space(text, start)):
                end = _plain_end(text, start, tool)
                return text[:start] + _QUOTE + text[start:end] + _QUOTE + text[end:]
    return None


def _value_of(text: bytes, name: bytes, at: int) -> int:
    """The place behind a parameter's name and colon, -1 where there is none."""
    while at < len(text):
        end = _skipped(text, at)
        if end is None:
            return -1
        if end > at:
            at = end
            continue
        if text[at : at + 1] in (b"{", b","):
            start = skip_space(text, at + 1)
            colon = skip_space(text, start + len(name))
            if text.startswith(name, start) and text[colon : colon + 1] == b":":
                return colon + 1
        at += 1
    return -1


def _is_structured(text: bytes, at: int) -> bool:
    """Whether a value begins that needs no quotes."""
    return text.startswith(_QUOTE, at) or (at < len(text) and text[at] in b"'\"{[-0123456789tfn")


def _plain_end(text: bytes, start: int, tool: Tool) -> int:
    """Where a value without quotes ends: before the next parameter, or the last brace."""
    comma = text.find(b",", start)
    while comma >= 0:
        name = skip_space(text, comma + 1)
        end = _name_end(text, name)
        colon = skip_space(text, end)
        if end > name and text[colon : colon + 1] == b":" and text[name:end] in tool.properties:
            return comma
        comma = text.find(b",", comma + 1)
    end = len(text) - trailing_space(text)
    return end - 1 if end > start and text[:end].endswith(b"}") else len(text)
