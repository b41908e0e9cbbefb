"""PARSER qwen3.5 and ornith: a thought, then what qwen3-coder reads (model/parsers/qwen35.go).

ornith since 0.30.11. From 0.33 one opening tag is dropped at most, before any number of them.
"""

from __future__ import annotations

from ..versions import Target
from .go_text import hold_back, split_at, trim_left
from .protocol import Request, SteppingParser
from .qwen3_coder import Qwen3Coder

_THINK, _THOUGHT, _CALL = b"<think>", b"</think>", b"<tool_call>"


class Qwen35(SteppingParser):
    """Thoughts here, content and calls by qwen3-coder's parser."""

    preserved = ("<think>", "</think>", "<tool_call>", "</tool_call>")

    def __init__(self, request: Request, target: Target) -> None:
        super().__init__(request, target)
        self._coder = Qwen3Coder(request, target)
        self.state = "thinking" if request.may_think and not request.prefilled else "content"
        self._may_open = self.state == "thinking"
        self._trims = False

    def thinking_close(self) -> tuple[str, ...]:
        return ("</think>",) if self.state == "thinking" else ()

    def step(self, done: bool) -> bool:
        if self.state == "thinking":
            return self._think()
        if self.state == "thought ended":
            self.buffer = trim_left(self.buffer)
            if self.buffer:
                self.state = "content"
            return bool(self.buffer)
        if self.buffer:
            self._coder.out = self.out
            self._coder.buffer += self.buffer
            self.buffer = b""
            self._coder.read(done)
        return False

    def _think(self) -> bool:
        if self._may_open:
            trimmed = trim_left(self.buffer)
            if trimmed.startswith(_THINK):
                return self._drop_opening(trim_left(trimmed[len(_THINK) :]))
            if _THINK.startswith(trimmed):
                return False
            self._may_open = False
        if self._trims:
            self.buffer = trim_left(self.buffer)
            if not self.buffer:
                return False
            self._trims = False
        if _THOUGHT in self.buffer:
            thought, self.buffer = split_at(self.buffer, _THOUGHT)
            self.out.thinking.append(thought)
            self.state = "content" if self.buffer else "thought ended"
            return True
        safe, held = hold_back(self.buffer, _THOUGHT, _CALL)
        if _CALL in self.buffer and not _may_be_tag(self.buffer):
            # Some models forget to close a thought before a call.
            thought, rest = split_at(self.buffer, _CALL)
            self.buffer = thought + _THOUGHT + _CALL + rest
            return True
        self.buffer = held
        self.out.thinking.append(safe)
        return False

    def _drop_opening(self, rest: bytes) -> bool:
        self.buffer = rest
        once = self.target.has("parser_one_opening")
        self._may_open = not once and not rest
        self._trims = once and not rest
        return bool(rest)


def _may_be_tag(text: bytes) -> bool:
    """Whether the end may begin one of the tags; then nothing is decided yet."""
    return any(text.endswith(tag[:n]) for tag in (_THOUGHT, _CALL) for n in range(1, len(tag) + 1))
