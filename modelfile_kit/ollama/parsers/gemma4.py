"""PARSER gemma4 and gemma4-no-thinking (model/parsers/gemma4.go).

    <|channel>thought
    …<channel|>…<|tool_call>call:get_weather{city:<|"|>Paris<|"|>}<tool_call|>

From 0.32.1 a reply to a tool's answer begins inside a thought where thinking is on.
"""

from __future__ import annotations

import contextlib

from ..reply_types import ReplyError
from ..versions import Target
from .gemma4_arguments import read_arguments
from .go_text import hold_back, split_at, trim, trim_left, trim_right
from .protocol import Arguments, Request, SteppingParser, Tool, tool_named

_THINK, _THOUGHT = b"<|channel>", b"<channel|>"
_CALL, _CALLED = b"<|tool_call>", b"<tool_call|>"
_RESPONSE = b"<|tool_response>"
_CHANNEL = b"thought\n"


class Gemma4(SteppingParser):
    """gemma4: thoughts are shown where the request asks for them, and dropped where it does not."""

    preserved = (
        *("<|channel>", "<channel|>", "<|tool_call>", "<tool_call|>", "<|tool_response>"),
        '<|"|>',
    )

    def __init__(self, request: Request, target: Target) -> None:
        super().__init__(request, target)
        self._shows = self.thinking and request.thinks
        after_tool = request.last_role == "tool" and target.has("parser_thought_after_tool")
        self.state = "thinking" if self._shows and after_tool else "content"
        self._names_channel = False

    def thinking_close(self) -> tuple[str, ...]:
        return ("<channel|>",) if self._shows and not self.request.prefilled else ()

    def step(self, done: bool) -> bool:
        if not self.buffer:
            return False
        if self.state == "content":
            return self._content(done)
        if self.state == "thinking":
            return self._think(done)
        return self._call(done) if self.state == "call" else self._noise(done)

    def _content(self, done: bool) -> bool:
        for tag, state in ((_THINK, "thinking"), (_CALL, "call")):
            before, found, rest = self.buffer.partition(tag)
            if found:
                self.out.content.append(trim_right(before))
                self.buffer = rest
                self.state = state
                self._names_channel = self._names_channel or state == "thinking"
                return True
        content, held = self.buffer, b""
        if not done and _ends_in_tag(content):
            content, held = hold_back(content, _THINK, _CALL)
        self.out.content.append(content)
        self.buffer = held
        return False

    def _think(self, done: bool) -> bool:
        if self._names_channel:
            if self.buffer.startswith(_CHANNEL):
                self.buffer = self.buffer[len(_CHANNEL) :]
            elif not done and _CHANNEL.startswith(self.buffer):
                return False
            self._names_channel = False
        if _THOUGHT in self.buffer:
            thought, self.buffer = split_at(self.buffer, _THOUGHT)
            self._give_thought(thought)
            self.state = "content"
            return True
        thought, held = (self.buffer, b"") if done else hold_back(self.buffer, _THOUGHT)
        self._give_thought(thought)
        self.buffer = held
        return False

    def _give_thought(self, thought: bytes) -> None:
        if self._shows:
            self.out.thinking.append(thought)

    def _call(self, done: bool) -> bool:
        call, closed, rest = self.buffer.partition(_CALLED)
        if not closed and not done:
            return False
        self.buffer = trim_left(rest)
        self.state = "noise" if closed else "content"
        with contextlib.suppress(ReplyError):  # the server logs it; the call is lost
            self.out.calls.append(_read_call(call, self.request.tools))
        return bool(closed)

    def _noise(self, done: bool) -> bool:
        """Tags that the model writes without need behind a call."""
        rest = trim_left(self.buffer)
        while rest.startswith((_CALLED, _RESPONSE)):
            rest = trim_left(rest[len(_CALLED if rest.startswith(_CALLED) else _RESPONSE) :])
        self.buffer = rest
        if not rest:
            return False
        if _CALLED.startswith(rest) or _RESPONSE.startswith(rest):
            if done:
                self.buffer = b""
                self.state = "content"
            return False
        self.state = "content"
        return True


class Gemma4NoThinking(Gemma4):
    """gemma4-no-thinking: thoughts are dropped."""

    thinking = False


def _ends_in_tag(text: bytes) -> bool:
    return any(text.endswith(tag[:n]) for tag in (_THINK, _CALL) for n in range(1, len(tag) + 1))


def _read_call(raw: bytes, tools: tuple[Tool, ...]) -> tuple[bytes, Arguments]:
    """A call's name and arguments; raises ReplyError where it is none."""
    if not raw.startswith(b"call:"):
        raise ReplyError("no `call:`")
    name, brace, arguments = raw[len(b"call:") :].partition(b"{")
    if not brace:
        raise ReplyError("no `{`")
    name = trim(name)
    return name, read_arguments(brace + arguments, tool_named(tools, name))
