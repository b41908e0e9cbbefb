"""PARSER qwen3 and qwen3-thinking: calls as JSON between tags (model/parsers/qwen3.go).

The prompt ends inside a thought where thinking is on, so a reply begins with the thought itself; a call ends
the thought too.
"""

from __future__ import annotations

from ..reply_types import ReplyError
from ..versions import Target
from .go_json import read_struct
from .go_text import encode, hold_back, split_at, trim_left
from .protocol import Arguments, Request, SteppingParser

_THINK, _THOUGHT = b"<think>", b"</think>"
_CALL, _CALLED = b"<tool_call>", b"</tool_call>"


class Qwen3(SteppingParser):
    """qwen3: no thoughts are looked for."""

    thinking = False
    preserved = ("<think>", "</think>", "<tool_call>", "</tool_call>")

    def __init__(self, request: Request, target: Target) -> None:
        super().__init__(request, target)
        self.state = "thinking" if self.thinking and request.may_think else "content"
        # Some models write the opening tag although the prompt ends with it.
        self._may_open = self.state == "thinking"

    def thinking_close(self) -> tuple[str, ...]:
        return ("</think>",) if self.state == "thinking" else ()

    def step(self, done: bool) -> bool:
        if self.state == "thinking":
            return self._think()
        if self.state == "call":
            return self._call()
        if self.state == "content":
            return self._content()
        self.buffer = trim_left(self.buffer)
        if self.buffer:
            self.state = {"thought ended": "content", "call begun": "call"}[self.state]
        return bool(self.buffer)

    def _think(self) -> bool:
        if self._may_open:
            trimmed = trim_left(self.buffer)
            if trimmed.startswith(_THINK):
                self.buffer = trim_left(trimmed[len(_THINK) :])
                self._may_open = not self.buffer
                return not self._may_open
            if _THINK.startswith(trimmed):
                return False
            self._may_open = False
        closes, calls = self.buffer.find(_THOUGHT), self.buffer.find(_CALL)
        if calls >= 0 and (closes < 0 or calls < closes):
            self._begin_call(self.out.thinking)
            return True
        if closes >= 0:
            thought, self.buffer = split_at(self.buffer, _THOUGHT)
            self.out.thinking.append(thought)
            self.state = "content" if self.buffer else "thought ended"
            return True
        thought, self.buffer = hold_back(self.buffer, _THOUGHT, _CALL)
        self.out.thinking.append(thought)
        return False

    def _content(self) -> bool:
        if _CALL in self.buffer:
            self._begin_call(self.out.content)
            return True
        content, self.buffer = hold_back(self.buffer, _CALL)
        self.out.content.append(content)
        return False

    def _begin_call(self, before_goes_to: list[bytes]) -> None:
        before, self.buffer = split_at(self.buffer, _CALL)
        before_goes_to.append(before)
        self.state = "call" if self.buffer else "call begun"

    def _call(self) -> bool:
        if _CALLED not in self.buffer:
            return False
        call, self.buffer = split_at(self.buffer, _CALLED)
        self.out.calls.append(_read_call(call))
        self.state = "content"
        return True


class Qwen3Thinking(Qwen3):
    """qwen3-thinking: replies begin inside a thought unless the request forbids it."""

    thinking = True


def _read_call(raw: bytes) -> tuple[bytes, Arguments]:
    found = read_struct(raw, name="text", arguments="arguments")
    if not found.get("name"):
        raise ReplyError("empty function name")
    return encode(found["name"]), found.get("arguments", {})
