"""PARSER ministral: `[TOOL_CALLS]get_weather[ARGS]{"city": "Paris"}` (model/parsers/ministral.go).

A call of a tool that the request does not offer makes the parser refuse the reply.
"""

from __future__ import annotations

import re

from ..reply_types import ReplyError
from .go_json import read_arguments
from .go_text import decode, hold_back, overlap, trim_left, trim_right
from .protocol import SteppingParser, tool_named

_CALLS, _ARGUMENTS = b"[TOOL_CALLS]", b"[ARGS]"
_THINK, _THOUGHT = b"[THINK]", b"[/THINK]"
_MARK = re.compile(rb'\\.|["{}\[\]]', re.DOTALL)


class Ministral(SteppingParser):
    """Thoughts only between their tags: no reply begins inside one."""

    thinking = False
    preserved = (_CALLS.decode(), _THINK.decode(), _THOUGHT.decode(), _ARGUMENTS.decode())
    state = "content"
    _name = b""

    def step(self, done: bool) -> bool:
        if self.state == "name":
            name, found, rest = self.buffer.partition(_ARGUMENTS)
            if found:
                self._name, self.buffer = name, rest
                self.state = "arguments"
            return bool(found)
        if self.state == "arguments":
            return self._call()
        return self._think() if self.state == "thinking" else self._content()

    def _content(self) -> bool:
        for tag, state in ((_CALLS, "name"), (_THINK, "thinking")):
            before, found, rest = self.buffer.partition(tag)
            if found:
                self.out.content.append(trim_right(before))
                self.buffer = rest
                self.state = state
                return True
        content, self.buffer = hold_back(self.buffer, _CALLS, _THINK)
        self.out.content.append(content)
        return False

    def _think(self) -> bool:
        thought, closed, rest = self.buffer.partition(_THOUGHT)
        if not closed:
            cut = len(thought) - overlap(thought, _THOUGHT)
            thought, rest = thought[:cut], thought[cut:]
        self.out.thinking.append(thought)
        self.buffer = trim_left(rest) if closed else rest
        self.state = "content" if closed else "thinking"
        return bool(closed)

    def _call(self) -> bool:
        end = _json_end(self.buffer)
        if end < 0:
            return False
        arguments, self.buffer = self.buffer[:end], self.buffer[end:]
        if tool_named(self.request.tools, self._name) is None:
            raise ReplyError(f"tool '{decode(self._name)}' not found")
        self.out.calls.append((self._name, read_arguments(arguments)))
        self.state = "content"
        return True


def _json_end(text: bytes) -> int:
    """The place behind the bracket that closes the first object or list, -1 where none does."""
    depth, quoted = 0, False
    for mark in _marks(text):
        if mark.group() == b'"':
            quoted = not quoted
        elif not quoted and mark.group() in b"{[":
            depth += 1
        elif not quoted:
            depth -= 1
            if depth == 0:
                return mark.end()
    return -1


def _marks(text: bytes) -> list[re.Match[bytes]]:
    """Quotes and brackets; a backslash hides the character behind it only inside of quotes."""
    marks: list[re.Match[bytes]] = []
    at, quoted = 0, False
    while found := _MARK.search(text, at):
        at = found.end()
        if found.group().startswith(b"\\"):
            at = at if quoted else found.start() + 1
            continue
        quoted = quoted != (found.group() == b'"')
        marks.append(found)
    return marks
