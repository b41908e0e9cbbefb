"""PARSER cohere: blocks of thought, text and actions (model/parsers/cohere.go; 0.30.10 and later).

    …<|END_THINKING|><|START_ACTION|>[{"tool_name": "get_weather", "parameters": {}}]<|END_ACTION|>

Of actions that are no sound JSON those are taken that are sound alone.
"""

from __future__ import annotations

import re
from typing import Any

from ..reply_types import ReplyError
from ..versions import Target
from .go_json import read_struct, read_structs
from .go_text import encode, hold_back, overlap, trim, trim_left, trim_right
from .protocol import Arguments, Request, SteppingParser

_THOUGHT = b"<|END_THINKING|>"
_TEXT, _TEXT_END = b"<|START_TEXT|>", b"<|END_TEXT|>"
_RESPONSE, _RESPONSE_END = b"<|START_RESPONSE|>", b"<|END_RESPONSE|>"
_ACTION, _ACTION_END = b"<|START_ACTION|>", b"<|END_ACTION|>"
_TURN_END = b"<|END_OF_TURN_TOKEN|>"
_MARK = re.compile(rb'\\.|["{}]', re.DOTALL)
_FIELDS = {"tool_call_id": "text", "tool_name": "text", "parameters": "arguments"}


class Cohere(SteppingParser):
    """Replies begin inside a thought unless the request forbids it."""

    preserved = (
        *("<|START_THINKING|>", "<|END_THINKING|>", "<|START_TEXT|>", "<|END_TEXT|>"),
        *("<|START_ACTION|>", "<|END_ACTION|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    )

    def __init__(self, request: Request, target: Target) -> None:
        super().__init__(request, target)
        self.state = "content" if request.prefilled else "thinking" if request.may_think else "between"

    def thinking_close(self) -> tuple[str, ...]:
        return ("<|END_THINKING|>",) if self.state == "thinking" else ()

    def step(self, done: bool) -> bool:
        if not self.buffer:
            return False
        if self.state == "thinking":
            return self._think()
        if self.state == "between":
            return self._between(done)
        return self._content(done) if self.state == "content" else self._action(done)

    def _think(self) -> bool:
        thought, ended, rest = self.buffer.partition(_THOUGHT)
        if ended:
            self.out.thinking.append(trim_right(thought))
            self.buffer = rest
            self.state = "between"
            return True
        thought, self.buffer = hold_back(self.buffer, _THOUGHT)
        self.out.thinking.append(thought)
        return False

    def _between(self, done: bool) -> bool:
        """Looks for the next block; everything before its tag is dropped."""
        for tag, state in ((_TEXT, "content"), (_RESPONSE, "content"), (_ACTION, "action")):
            _, found, rest = self.buffer.partition(tag)
            if found:
                self.buffer = rest
                self.state = state
                return True
        trimmed = trim_left(self.buffer)
        if trimmed.startswith(_TURN_END):
            self.buffer = trimmed[len(_TURN_END) :]
            return True
        tags = (_TEXT, _RESPONSE, _ACTION, _TURN_END)
        if not trimmed or (not done and any(tag.startswith(trimmed) for tag in tags)):
            return False
        self.buffer = trimmed
        self.state = "content"
        return True

    def _content(self, done: bool) -> bool:
        ends = (_TEXT_END, _RESPONSE_END, _TURN_END)
        for end in ends:
            content, found, rest = self.buffer.partition(end)
            if found:
                self.out.content.append(content)
                self.buffer = rest
                self.state = "between"
                return True
        cut = len(self.buffer) if done else len(self.buffer) - max(overlap(self.buffer, end) for end in ends)
        self.out.content.append(self.buffer[:cut])
        self.buffer = self.buffer[cut:]
        return False

    def _action(self, done: bool) -> bool:
        actions, ended, rest = self.buffer.partition(_ACTION_END)
        if not ended and not done:
            return False
        self.out.calls += _read_actions(trim(actions))
        self.buffer = rest
        if ended:
            self.state = "between"
        return bool(ended)


def _read_actions(text: bytes) -> list[tuple[bytes, Arguments]]:
    if not text:
        return []
    try:
        return [_call(found) for found in read_structs(text, **_FIELDS)]
    except ReplyError:
        pass
    calls = []
    for part in _objects(text):
        try:
            calls.append(_call(read_struct(part, **_FIELDS)))
        except ReplyError:
            continue  # the server logs it
    return calls


def _call(found: dict[str, Any]) -> tuple[bytes, Arguments]:
    return encode(found.get("tool_name", "")), found.get("parameters", {})


def _objects(text: bytes) -> list[bytes]:
    """The objects of the outermost level; a backslash hides the next character inside of quotes alone."""
    objects: list[bytes] = []
    depth, start, quoted, at = 0, 0, False, 0
    while found := _MARK.search(text, at):
        at = found.end()
        mark = found.group()
        if mark.startswith(b"\\"):
            at = at if quoted else found.start() + 1
        elif mark == b'"':
            quoted = not quoted
        elif not quoted and mark == b"{":
            start = start if depth else found.start()
            depth += 1
        elif not quoted and depth > 0:
            depth -= 1
            if depth == 0:
                objects.append(text[start:at])
    return objects
