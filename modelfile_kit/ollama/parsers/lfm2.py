"""PARSER lfm2 and lfm2-thinking (model/parsers/lfm2.go).

    <|tool_call_start|>[get_weather(city='Paris', days=2)]<|tool_call_end|>

The end of a reply that is nothing but calls counts as calls without the tags too. From 0.30.9 a reply of
lfm2-thinking may begin with content: only its own tag begins a thought.
"""

from __future__ import annotations

from ..reply_types import ReplyError
from ..versions import Target
from .go_text import hold_back, split_at, trim, trim_left, trim_right
from .lfm2_calls import read_calls
from .protocol import Request, SteppingParser

_THINK, _THOUGHT = b"<think>", b"</think>"
_CALL, _CALLED = b"<|tool_call_start|>", b"<|tool_call_end|>"


class LFM2(SteppingParser):
    """lfm2: no thoughts are looked for."""

    thinking = False
    preserved = ("<think>", "</think>", "<|tool_call_start|>", "<|tool_call_end|>")

    def __init__(self, request: Request, target: Target) -> None:
        super().__init__(request, target)
        self.state = "content"
        self._trims = False
        if self.thinking and request.thinks and not request.prefilled:
            self.state = "start" if target.has("parser_direct_answers") else "thinking"
            self._trims = self.state == "thinking"

    def thinking_close(self) -> tuple[str, ...]:
        return () if self.state == "content" else ("</think>",)

    def read(self, done: bool) -> None:
        if done and self.state == "start":
            trimmed = trim_left(self.buffer)
            if not trimmed.startswith(_THINK):
                self.buffer = trimmed
                self.state = "content"
        super().read(done)
        if done and not self.out.calls and self.request.tools:
            self._read_bare_calls()

    def _read_bare_calls(self) -> None:
        """Calls without tags, where all of them are tools of the request."""
        try:
            calls = read_calls(_untagged(trim(b"".join(self.out.content))))
        except ReplyError:
            return
        names = {tool.name for tool in self.request.tools if tool.name}
        if calls and (not names or all(name in names for name, _ in calls)):
            self.out.content.clear()
            self.out.calls += calls

    def step(self, done: bool) -> bool:
        if not self.buffer:
            return False
        if self.state == "start":
            return self._start()
        if self.state == "thinking":
            return self._think()
        return self._calls() if self.state == "calls" else self._content()

    def _start(self) -> bool:
        trimmed = trim_left(self.buffer)
        if trimmed.startswith(_THINK):
            self.buffer = trimmed[len(_THINK) :]
            self.state = "thinking"
            self._trims = True
            return True
        if _THINK.startswith(trimmed):
            return False
        self.buffer = trimmed
        self.state = "content"
        return True

    def _trim(self) -> None:
        """Drops white space behind a tag, also where it comes in several pieces."""
        if self._trims:
            self.buffer = trim_left(self.buffer)
            self._trims = not self.buffer

    def _think(self) -> bool:
        if self.buffer.startswith(_THINK):
            self.buffer = self.buffer[len(_THINK) :]
            self._trims = True
        self._trim()
        if _THOUGHT in self.buffer:
            thought, self.buffer = split_at(self.buffer, _THOUGHT)
            self.out.thinking.append(thought)
            self.state = "content"
            self._trims = not self.buffer
            return True
        thought, self.buffer = hold_back(self.buffer, _THOUGHT)
        self.out.thinking.append(thought)
        return False

    def _content(self) -> bool:
        self._trim()
        content, opened, rest = self.buffer.partition(_CALL)
        self.out.content.append(trim_right(content) if opened else content)
        self.buffer = rest
        self.state = "calls" if opened else "content"
        return bool(opened)

    def _calls(self) -> bool:
        """The calls between two tags; what cannot be read stays in the way of all that follows."""
        raw, closed, rest = self.buffer.partition(_CALLED)
        if not closed:
            return False
        try:
            calls = read_calls(_untagged(trim(raw)))
        except ReplyError:
            return False
        self.out.calls += calls
        if rest.startswith(_CALL):
            self.buffer = rest[len(_CALL) :]
        else:
            self.buffer = trim_left(rest)
            self.state = "content"
        return True


class LFM2Thinking(LFM2):
    """lfm2-thinking: thoughts where the request asks for them."""

    thinking = True


def _untagged(text: bytes) -> bytes:
    """The text without a tag at its beginning and one at its end."""
    return trim(trim(text.removeprefix(_CALL)).removesuffix(_CALLED))
