"""PARSER nemotron-3-nano and nemotron-3.5-nano (model/parsers/nemotron3nano.go): a thought, then qwen3-coder.

From 0.33 white space before what may become a tag is kept; from 0.34.3 what is held back at the end is given
out.
"""

from __future__ import annotations

from ..versions import Target
from .go_text import hold_back, overlap, trim_left, trim_right
from .protocol import Parser, Request
from .qwen3_coder import Qwen3Coder

_THINK, _THOUGHT, _CALL = b"<think>", b"</think>", b"<tool_call>"


class Nemotron3Nano(Parser):
    """Replies begin inside a thought unless the request forbids it."""

    preserved = ("<think>", "</think>", "<tool_call>", "</tool_call>")

    def __init__(self, request: Request, target: Target) -> None:
        super().__init__(request, target)
        self._coder = Qwen3Coder(request, target)
        self.state = "thinking" if request.may_think and not request.prefilled else "content"
        self._may_open = self.state == "thinking"
        self._trims = False

    def thinking_close(self) -> tuple[str, ...]:
        return ("</think>",) if self.state == "thinking" else ()

    def read(self, done: bool) -> None:
        if self.state == "white space":
            self.buffer = trim_left(self.buffer)
            if not self.buffer:
                return
            self.state = "content"
        if self.state == "content":
            self._give_on(done)
        elif self._begun(done):
            self._think(done)

    def _give_on(self, done: bool) -> None:
        self._coder.out = self.out
        self._coder.buffer += self.buffer
        self.buffer = b""
        self._coder.read(done)

    def _begun(self, done: bool) -> bool:
        """Drops an opening tag that the model writes although the prompt ends with it."""
        if self._trims and not self._trimmed():
            return False
        if not self._may_open:
            return True
        trimmed = trim_left(self.buffer)
        if trimmed.startswith(_THINK):
            self.buffer = trimmed[len(_THINK) :]
            self._may_open = False
            return self._trimmed()
        if overlap(trimmed, _THINK) < len(trimmed):
            self._may_open = False
            return True
        self.buffer = trimmed
        if done and self.target.has("parser_flush"):
            self.out.thinking.append(trimmed)
            self.buffer = b""
            self._may_open = False
        return False

    def _trimmed(self) -> bool:
        """Drops white space behind the opening tag, also where more of it is to come."""
        self.buffer = trim_left(self.buffer)
        self._trims = not self.buffer
        return not self._trims

    def _think(self, done: bool) -> None:
        closes, calls = self.buffer.find(_THOUGHT), self.buffer.find(_CALL)
        end = min((at for at in (closes, calls) if at >= 0), default=-1)
        if end >= 0:
            thought, rest = trim_right(self.buffer[:end]), self.buffer[end:]
            self.out.thinking.append(thought)
            self.buffer = trim_left(rest[len(_THOUGHT) :]) if end == closes else rest
            self.state = "content" if self.buffer else "white space"
            if self.buffer:
                self._give_on(done)
            return
        thought, held = hold_back(self.buffer, _THOUGHT, _CALL)
        if not self.target.has("parser_space_before_tag"):
            tag = trim_left(held)
            held = tag or held
        if done and self.target.has("parser_flush"):
            thought, held = thought + held, b""
        self.out.thinking.append(thought)
        self.buffer = held
