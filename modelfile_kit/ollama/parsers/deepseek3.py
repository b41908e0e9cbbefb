"""PARSER deepseek3: calls between DeepSeek's own tokens (model/parsers/deepseek3.go).

    <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city": "Paris"}<｜tool▁call▁end｜>

A call that cannot be read stays in the way: nothing behind it is read before its section ends.
"""

from __future__ import annotations

from ..reply_types import ReplyError
from ..versions import Target
from .go_json import read_arguments
from .go_text import encode, hold_back, split_at, trim, trim_left, trim_right
from .protocol import Arguments, Request, SteppingParser

_THOUGHT = b"</think>"


def _token(words: str) -> bytes:
    """A token of the family, "tool calls begin"."""
    return encode("<\uff5c" + words.replace(" ", "\u2581") + "\uff5c>")


CALLS, CALLS_END = _token("tool calls begin"), _token("tool calls end")
CALL, CALL_END = _token("tool call begin"), _token("tool call end")
SEPARATOR = _token("tool sep")
OUTPUT, OUTPUT_END = _token("tool output begin"), _token("tool output end")


class DeepSeek3(SteppingParser):
    """Replies begin inside a thought where the request asks for thinking."""

    preserved = (
        "</think>",
        *(tag.decode() for tag in (CALLS, CALLS_END, CALL, CALL_END, SEPARATOR, OUTPUT, OUTPUT_END)),
    )

    def __init__(self, request: Request, target: Target) -> None:
        super().__init__(request, target)
        self.state = "thinking" if self.begins_with_thought() else "content"

    def begins_with_thought(self) -> bool:
        """Whether the reply begins inside a thought."""
        return self.request.thinks and not self.request.prefilled

    def thinking_close(self) -> tuple[str, ...]:
        return ("</think>",) if self.state == "thinking" else ()

    def step(self, done: bool) -> bool:
        if not self.buffer:
            return False
        if self.state == "thinking":
            return self._think()
        if self.state == "calls":
            return self.read_calls()
        return self.read_output() if self.state == "output" else self.read_content()

    def _think(self) -> bool:
        if _THOUGHT in self.buffer:
            thought, self.buffer = split_at(self.buffer, _THOUGHT)
            self.out.thinking.append(thought)
            self.state = "content"
            return True
        thought, self.buffer = hold_back(self.buffer, _THOUGHT)
        self.out.thinking.append(thought)
        return False

    def read_content(self) -> bool:
        """Content up to a section of calls or of outputs."""
        if CALLS in self.buffer:
            before, _, self.buffer = self.buffer.partition(CALLS)
            self.out.content.append(trim_right(before))
            self.state = "calls"
            return True
        before, output, rest = self.buffer.partition(OUTPUT)
        self.out.content.append(before)
        self.buffer = rest
        if output:
            self.state = "output"
        return bool(output)

    def read_calls(self) -> bool:
        """One call, or the end of the section."""
        start = self.buffer.find(CALL)
        end = self.buffer.find(CALL_END, start + len(CALL)) if start >= 0 else -1
        if end >= 0:
            try:
                self.out.calls.append(self.read_call(self.buffer[start + len(CALL) : end]))
            except ReplyError:
                pass  # the server logs it and goes on
            else:
                self.buffer = trim_left(self.buffer[end + len(CALL_END) :])
                return True
        _, ended, rest = self.buffer.partition(CALLS_END)
        if ended:
            self.buffer = trim_left(rest)
            self.state = "content"
        return bool(ended)

    def read_call(self, raw: bytes) -> tuple[bytes, Arguments]:
        """A call's name and arguments; raises ReplyError where it is none."""
        name, separator, arguments = raw.partition(SEPARATOR)
        if not separator:
            raise ReplyError("no separator")
        return trim(name), read_arguments(trim(arguments))

    def read_output(self) -> bool:
        """The output of a tool that the model makes up counts as content."""
        output, ended, rest = self.buffer.partition(OUTPUT_END)
        if ended:
            self.out.content.append(output)
            self.buffer = rest
            self.state = "content"
        return bool(ended)
