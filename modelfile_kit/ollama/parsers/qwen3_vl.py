"""PARSER qwen3-vl-instruct and qwen3-vl-thinking (model/parsers/qwen3vl.go).

Whether the reply begins inside a thought hangs on the name alone: `think` of the request is not asked.
"""

from __future__ import annotations

from ..versions import Target
from .go_json import read_struct
from .go_text import encode, hold_back, split_at, trim_left, trim_right
from .protocol import Request, SteppingParser

_THOUGHT = b"</think>"
_CALL, _CALLED = b"<tool_call>", b"</tool_call>"


class Qwen3VLInstruct(SteppingParser):
    """qwen3-vl-instruct: no thoughts are looked for."""

    thinking = False
    preserved = ("</think>", "<tool_call>", "</tool_call>")

    def __init__(self, request: Request, target: Target) -> None:
        super().__init__(request, target)
        self.state = "thinking" if self.thinking and not request.prefilled else "content"

    def thinking_close(self) -> tuple[str, ...]:
        return ("</think>",) if self.state == "thinking" else ()

    def step(self, done: bool) -> bool:
        if self.state == "call":
            return self._call()
        if self.state == "white space":
            self.buffer = trim_left(self.buffer)
            if self.buffer:
                self.state = "content"
            return bool(self.buffer)
        goes_to = self.out.thinking if self.state == "thinking" else self.out.content
        tags = (_THOUGHT, _CALL) if self.state == "thinking" else (_CALL,)
        closes = self.buffer.find(_THOUGHT) if self.state == "thinking" else -1
        calls = self.buffer.find(_CALL)
        if calls >= 0 and (closes < 0 or calls < closes):
            before, _, self.buffer = self.buffer.partition(_CALL)
            goes_to.append(trim_right(before))
            self.state = "call"
            return True
        if closes >= 0:
            thought, self.buffer = split_at(self.buffer, _THOUGHT)
            goes_to.append(thought)
            self.state = "content" if self.buffer else "white space"
            return True
        safe, self.buffer = hold_back(self.buffer, *tags)
        goes_to.append(safe)
        return False

    def _call(self) -> bool:
        call, closed, rest = self.buffer.partition(_CALLED)
        if not closed:
            return False
        found = read_struct(call, index="int", name="text", arguments="arguments")
        self.out.calls.append((encode(found.get("name", "")), found.get("arguments", {})))
        self.buffer = rest
        self.state = "white space"
        return True


class Qwen3VLThinking(Qwen3VLInstruct):
    """qwen3-vl-thinking: replies begin inside a thought unless the model goes on with content."""

    thinking = True
