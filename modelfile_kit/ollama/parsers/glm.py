"""PARSER glm-4.7 and glm-ocr: keys and values between tags (model/parsers/glm46.go, glm47.go, glmocr.go).

    <tool_call>get_weather
    <arg_key>city</arg_key>
    <arg_value>Paris</arg_value>
    </tool_call>

Missing tags are repaired. From 0.32.3 a call that is not closed at the end counts if everything else
of it is sound, and else the reply is refused; before, it is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.later import later
from ..reply_types import ReplyError
from ..versions import Target
from .glm_repair import CLOSE_KEY, CLOSE_VALUE, OPEN_KEY, OPEN_VALUE, repair
from .go_text import encode, hold_back, overlap, split_at, trim, trim_left, trim_right
from .protocol import Arguments, Request, SteppingParser, tool_named
from .typed_values import value_of

if TYPE_CHECKING:
    from . import go_xml
else:
    go_xml = later("modelfile_kit.ollama.parsers.go_xml")

_THINK, _THOUGHT = b"<think>", b"</think>"
_CALL, _CALLED = b"<tool_call>", b"</tool_call>"
_TAGS = (OPEN_KEY, CLOSE_KEY, OPEN_VALUE, CLOSE_VALUE)


class GLMOCR(SteppingParser):
    """glm-ocr: a thought counts only where the reply begins with its tag."""

    thinking = False
    preserved = ("<think>", "</think>", "<tool_call>", "</tool_call>", *(tag.decode() for tag in _TAGS))

    def __init__(self, request: Request, target: Target) -> None:
        super().__init__(request, target)
        self.state = "start"

    def read(self, done: bool) -> None:
        super().read(done)
        if done and self.state in ("call", "call begun") and self.target.has("parser_unclosed_glm"):
            self._finish()

    def step(self, done: bool) -> bool:
        if self.state == "start":
            return self._start()
        if self.state == "thinking":
            return self._think()
        if self.state == "content":
            return self._content()
        if self.state == "call":
            return self._call()
        self.buffer = trim_left(self.buffer)
        if self.buffer:
            self.state = {"thought begun": "thinking", "thought ended": "content", "call begun": "call"}[
                self.state
            ]
        return bool(self.buffer)

    def _start(self) -> bool:
        trimmed = trim_left(self.buffer)
        if trimmed.startswith(_THINK):
            self.buffer = trim_left(trimmed[len(_THINK) :])
            self.state = "thinking" if self.buffer else "thought begun"
            return True
        if _THINK.startswith(trimmed):
            return False
        self.state = "content"
        return True

    def _think(self) -> bool:
        if _THOUGHT in self.buffer:
            thought, self.buffer = split_at(self.buffer, _THOUGHT)
            self.out.thinking.append(thought)
            self.state = "content" if self.buffer else "thought ended"
            return True
        thought, self.buffer = hold_back(self.buffer, _THOUGHT)
        self.out.thinking.append(thought)
        return False

    def _content(self) -> bool:
        if _CALL in self.buffer:
            content, self.buffer = split_at(self.buffer, _CALL)
            self.out.content.append(content)
            self.state = "call" if self.buffer else "call begun"
            return True
        content, self.buffer = hold_back(self.buffer, _CALL)
        self.out.content.append(content)
        return False

    def _call(self) -> bool:
        if _CALLED not in self.buffer:
            return False
        call, self.buffer = split_at(self.buffer, _CALLED)
        self.out.calls.append(self._read_call(call))
        self.state = "content"
        return True

    def _read_call(self, raw: bytes) -> tuple[bytes, Arguments]:
        escaped = _escape(raw)
        try:
            call = _element(escaped)
        except ReplyError:
            call = _element(repair(escaped))
        name, keys, values = _parts(call)
        tool = tool_named(self.request.tools, name)
        arguments = {}
        for key, value in zip(keys, values, strict=True):
            types = tool.types(key) if tool else ()
            arguments[key.decode()] = value_of(encode(value), types)
        return name, arguments

    def _finish(self) -> None:
        """The call that the reply ends in: only its closing tag may be missing."""
        raw = self.buffer
        if cut := overlap(raw, _CALLED):
            raw = trim_right(raw[: len(raw) - cut])
        name, keys, _ = _parts(_element(_escape(raw)))
        tool = tool_named(self.request.tools, name)
        if tool is None:
            raise ReplyError("incomplete GLM tool call: the tool is not declared")
        if b"" in keys:
            raise ReplyError("incomplete GLM tool call: empty argument name")
        missing = [required for required in tool.required if required not in keys]
        if missing:
            raise ReplyError(f"incomplete GLM tool call: the argument {missing[0]!r} is missing")
        self.out.calls.append(self._read_call(raw))
        self.buffer = b""
        self.state = "content"


class GLM47(GLMOCR):
    """glm-4.7: replies begin inside a thought unless the request forbids it."""

    thinking = True

    def __init__(self, request: Request, target: Target) -> None:
        super().__init__(request, target)
        if request.may_think:
            self.state = "thinking"

    def thinking_close(self) -> tuple[str, ...]:
        return ("</think>",) if self.request.may_think else ()


def _element(escaped: bytes) -> go_xml.Element:
    return go_xml.read_element(_CALL + escaped + _CALLED, "tool_call")


def _parts(call: go_xml.Element) -> tuple[bytes, list[bytes], list[str]]:
    """The function's name, the names of its arguments, their values."""
    name = trim(encode(call.text))
    if not name:
        raise ReplyError("empty function name")
    keys = [trim(encode(child.text)) for child in call.children if child.tag == "arg_key"]
    values = [child.text for child in call.children if child.tag == "arg_value"]
    if len(keys) != len(values):
        raise ReplyError(f"{len(keys)} names of arguments and {len(values)} values")
    return name, keys, values


def _escape(text: bytes) -> bytes:
    """The text with everything escaped for XML that is none of the four tags."""
    parts: list[bytes] = []
    at = 0
    while at < len(text):
        tag = next((tag for tag in _TAGS if text.startswith(tag, at)), None)
        if tag:
            parts.append(tag)
            at += len(tag)
            continue
        end = text.find(b"<", at + 1)
        end = len(text) if end < 0 else end
        plain = text[at:end].replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
        parts.append(plain)
        at = end
    return b"".join(parts)
