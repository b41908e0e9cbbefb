"""PARSER laguna and poolside-v1 (model/parsers/laguna.go; poolside-v1 0.32.3 and later).

    <think>…</think>…<tool_call>get_weather<arg_key>city</arg_key><arg_value>Paris</arg_value></tool_call>

Calls are also taken as JSON between the tags, as JSON alone, and between `<user>` tags where they name a tool
of the request. JSON that looks like a call and is none makes the parser refuse the reply.
"""

from __future__ import annotations

import dataclasses

from ..reply_types import ReplyError
from ..versions import Target
from .go_json import is_valid
from .go_text import overlap, trailing_space, trim, trim_left, trim_right
from .laguna_calls import CALL, CALLED, is_known, read_call
from .protocol import Request, SteppingParser

_THINK, _THOUGHT = b"<think>", b"</think>"
_USER, _USER_END = b"<user>", b"</user>"


class Laguna(SteppingParser):
    """laguna: thoughts where the request asks for them, else they are dropped."""

    preserved = (
        *("<think>", "</think>", "<tool_call>", "</tool_call>", "<user>", "</user>"),
        *("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"),
    )

    def __init__(self, request: Request, target: Target) -> None:
        super().__init__(request, target)
        primed = request.thinks and request.last_role != "assistant"
        self.state = "thinking" if primed else "content"
        self._may_open = primed
        self._starts = True

    def thinking_close(self) -> tuple[str, ...]:
        return ("</think>",) if self.state == "thinking" else ()

    def step(self, done: bool) -> bool:
        if self.state == "thinking":
            return self._think(done)
        return self._call(done) if self.state == "call" else self._content(done)

    def _think(self, done: bool) -> bool:
        if self._may_open:
            self.buffer = trim_left(self.buffer)
            if self.buffer.startswith(_THINK):
                self.buffer = trim_left(self.buffer[len(_THINK) :])
                self._may_open = False
                return True
            if _THINK.startswith(self.buffer) and not done:
                return False
            self._may_open = False
        for tag, state in ((_THOUGHT, "content"), (CALL, "call")):
            thought, found, rest = self.buffer.partition(tag)
            if found:
                self._give_thought(trim_right(thought))
                self.buffer = trim_left(rest) if state == "content" else rest
                self.state = state
                return True
        if done:
            thought, self.buffer = trim_right(self.buffer), b""
            self.state = "content"
        else:
            thought, self.buffer = _hold_some(self.buffer, _THOUGHT, CALL)
        self._give_thought(thought)
        return thought != b""

    def _give_thought(self, thought: bytes) -> None:
        if self.request.thinks:
            self.out.thinking.append(thought)

    def _content(self, done: bool) -> bool:
        if self._starts:
            self.buffer = trim_left(self.buffer)
            self._starts = not self.buffer
            if self._starts:
                return False
        rules = (self._open_thought, self._close_thought, self._begin_call, self._alias, self._bare_call)
        for rule in rules:
            again = rule(done)
            if again is not None:
                return again
        if done:
            content, self.buffer = trim_right(self.buffer), b""
        else:
            tags = (CALL, _USER, _THINK) if self.request.thinks else (CALL, _USER, _THINK, _THOUGHT)
            keep = max(trailing_space(self.buffer), *(overlap(self.buffer, tag) for tag in tags))
            cut = len(self.buffer) - keep
            content, self.buffer = self.buffer[:cut], self.buffer[cut:]
        self.out.content.append(content)
        return content != b""

    def _open_thought(self, done: bool) -> bool | None:
        content, found, rest = self.buffer.partition(_THINK)
        if found:
            self.out.content.append(content)
            self.buffer = trim_left(rest)
            self.state = "thinking"
            self._may_open = False
            return True
        held = overlap(self.buffer, _THINK)
        if done or not 0 < held < len(self.buffer):
            return None
        cut = len(self.buffer) - held
        self.out.content.append(self.buffer[:cut])
        self.buffer = self.buffer[cut:]
        return True

    def _close_thought(self, done: bool) -> bool | None:
        """A closing tag at the beginning is dropped."""
        trimmed = trim_left(self.buffer)
        if trimmed.startswith(_THOUGHT):
            self.buffer = trim_left(trimmed[len(_THOUGHT) :])
            return True
        return False if _THOUGHT.startswith(trimmed) and not done else None

    def _begin_call(self, done: bool) -> bool | None:
        content, found, rest = self.buffer.partition(CALL)
        if not found:
            return None
        self.out.content.append(trim_right(content))
        self.buffer = rest
        self.state = "call"
        return True

    def _alias(self, done: bool) -> bool | None:
        """A call of a known tool between `<user>` tags."""
        before, found, rest = self.buffer.partition(_USER)
        if not found or not self.request.tools:
            return None
        raw, ended, after = rest.partition(_USER_END)
        if ended:
            call = self._known_call(raw)
            if call is None:
                return None
            self.out.content.append(trim_right(before))
            self.out.calls.append(call)
            self.buffer = trim_left(after)
            return True
        if done:
            return None
        self.out.content.append(trim_right(before))
        self.buffer = self.buffer[len(before) :]
        return before != b""

    def _known_call(self, raw: bytes) -> tuple[bytes, dict[str, object] | None] | None:
        if not is_known(raw, self.request.tools):
            return None
        try:
            return read_call(raw, self.request.tools)
        except ReplyError:
            return None

    def _bare_call(self, done: bool) -> bool | None:
        """JSON without tags that looks like a call."""
        start = self.buffer.find(b"{")
        if start < 0 or not self.request.tools:
            return None
        before, raw = trim_right(self.buffer[:start]), self.buffer[start:]
        named = b'"name"' in raw or b'"arguments"' in raw
        if not named and (done or not raw.startswith((b'{"', b"{\n", b"{\r\n"))):
            return None
        if not done and not is_valid(trim(raw)):
            if before:
                # An empty call goes with what stands before: so the server has it.
                self.out.content.append(before)
                self.out.uncounted.add(len(self.out.calls))
                self.out.calls.append((b"", {}))
                self.buffer = raw
            return before != b""
        self.out.calls.append(read_call(raw, self.request.tools))
        self.out.content.append(before)
        self.buffer = b""
        return True

    def _call(self, done: bool) -> bool:
        raw, closed, rest = self.buffer.partition(CALLED)
        if not closed and not (done and trim(raw)):
            return False
        self.buffer = trim_left(rest)
        self.state = "content"
        self.out.calls.append(read_call(raw, self.request.tools))
        return True


class PoolsideV1(Laguna):
    """poolside-v1: no reply goes on from a message of the model's."""

    def __init__(self, request: Request, target: Target) -> None:
        super().__init__(dataclasses.replace(request, last_role=""), target)


def _hold_some(text: bytes, *tags: bytes) -> tuple[bytes, bytes]:
    """What can be given out and what waits; without anything that has to wait, all of it waits."""
    keep = max(trailing_space(text), *(overlap(text, tag) for tag in tags))
    cut = len(text) - keep if keep else 0
    return text[:cut], text[cut:]
