"""RENDERER qwen3-vl-instruct and qwen3-vl-thinking (model/renderers/qwen3vl.go)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..think import Think
from .go_text import arguments_json, spaced, tool_json
from .image_tags import with_tags
from .protocol import Message, Renderer, Tool
from .qwen3_coder import tool_result

_BEFORE = (
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>"
)
_AFTER = (
    "\n</tools>\n\nFor each function call, return a json object with function name and arguments within "
    "<tool_call></tool_call> XML tags:\n<tool_call>\n"
    '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call><|im_end|>\n'
)


def last_query(messages: Sequence[Message], change: Callable[[str], str]) -> int:
    """The last message of a user that is no result of a tool; the last of all where there is none."""
    for i in range(len(messages) - 1, -1, -1):
        if messages[i].role == "user":
            content = change(with_tags(messages[i].content, messages[i].images, 0)[0])
            if not (content.startswith("<tool_response>") and content.endswith("</tool_response>")):
                return i
    return len(messages) - 1


class Qwen3VL(Renderer):
    """Thoughts after the last question are kept."""

    images = True

    def __init__(self, *args: Any, thinking: bool) -> None:
        super().__init__(*args)
        self.thinking = thinking
        self.levels = (False, True) if thinking else (False,)
        self.default = thinking

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        thinks = self.thinking if think is None else bool(think)
        system = messages[0].content if messages and messages[0].role == "system" else None
        out = []
        if tools:
            out += ["<|im_start|>system\n", "" if system is None else f"{system}\n\n", _BEFORE]
            out += [*(f"\n{spaced(tool_json(t))}" for t in tools), _AFTER]
        elif system is not None:
            out.append(f"<|im_start|>system\n{system}<|im_end|>\n")
        query = last_query(messages, lambda text: text)
        seen = 0
        for i, message in enumerate(messages):
            content, seen = with_tags(message.content, message.images, seen)
            last = i == len(messages) - 1
            prefill = last and message.role == "assistant"
            if message.role == "user" or (message.role == "system" and i):
                out.append(f"<|im_start|>{message.role}\n{content}<|im_end|>\n")
            elif message.role == "assistant":
                out.append("<|im_start|>assistant\n")
                if thinks and i > query and (last or message.thinking):
                    thought = message.thinking.strip("\n")
                    out.append(f"<think>\n{thought}")
                    out.append("\n</think>\n\n" + content.lstrip("\n") if content else "")
                else:
                    out.append(content)
                for j, call in enumerate(message.calls):
                    out.append("\n" if j or content else "")
                    out.append(f'<tool_call>\n{{"name": "{call.name}", "arguments": ')
                    out.append(f"{spaced(arguments_json(call))}}}\n</tool_call>")
                out.append("" if prefill else "<|im_end|>\n")
            elif message.role == "tool":
                out.append(tool_result(messages, i, content))
            if last and not prefill:
                out += ["<|im_start|>assistant\n", "<think>\n" if thinks else ""]
        return "".join(out)
