"""PARSER cogito: DeepSeek's tokens around calls in a code block (model/parsers/cogito.go).

    <｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather
    ```json
    {"city": "Paris"}
    ```<｜tool▁call▁end｜>

With tools in the request no thought is looked for. Outputs of tools are dropped.
"""

from __future__ import annotations

from ..reply_types import ReplyError
from .deepseek3 import CALLS, OUTPUT, OUTPUT_END, SEPARATOR, DeepSeek3
from .go_json import read_arguments
from .go_text import encode, trim, trim_left, trim_right
from .protocol import Arguments

_OUTPUTS, _OUTPUTS_END = (encode(f"<\uff5ctool\u2581outputs\u2581{word}\uff5c>") for word in ("begin", "end"))
_BLOCK, _BLOCK_END = b"\n```json\n", b"\n```"


class Cogito(DeepSeek3):
    """Thoughts only without tools."""

    preserved = (*DeepSeek3.preserved, _OUTPUTS.decode(), _OUTPUTS_END.decode())

    def begins_with_thought(self) -> bool:
        return super().begins_with_thought() and not self.request.tools

    def read_content(self) -> bool:
        for tag, state in ((CALLS, "calls"), (_OUTPUTS, "output")):
            before, found, rest = self.buffer.partition(tag)
            if found:
                self.out.content.append(trim_right(before))
                self.buffer = rest
                self.state = state
                return True
        self.out.content.append(self.buffer)
        self.buffer = b""
        return False

    def read_call(self, raw: bytes) -> tuple[bytes, Arguments]:
        _, separator, call = raw.partition(SEPARATOR)
        name, block, rest = call.partition(_BLOCK)
        arguments, block_end, _ = rest.partition(_BLOCK_END)
        if not (separator and block and block_end):
            raise ReplyError("no code block with the arguments")
        return trim(name), read_arguments(arguments)

    def read_output(self) -> bool:
        start = self.buffer.find(OUTPUT)
        end = self.buffer.find(OUTPUT_END, start + len(OUTPUT)) if start >= 0 else -1
        if end >= 0:
            self.buffer = trim_left(self.buffer[end + len(OUTPUT_END) :])
            return True
        _, ended, rest = self.buffer.partition(_OUTPUTS_END)
        if ended:
            self.buffer = trim_left(rest)
            self.state = "content"
        return bool(ended)
