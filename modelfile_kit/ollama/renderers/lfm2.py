"""RENDERER lfm2 and lfm2-thinking (model/renderers/lfm2.go)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..think import Think
from .go_text import function_json, spaced, tool_json, trim, value_json
from .image_tags import with_tags
from .protocol import Call, Message, Renderer, Tool

_CALLS, _CALLS_END = "<|tool_call_start|>", "<|tool_call_end|>"
_RESULT, _RESULT_END = "<|tool_response_start|>", "<|tool_response_end|>"
_CLOSE = "</think>"


class LFM2(Renderer):
    """Calls stand before the text, the thought (since 0.30.9) before the calls."""

    bos = "<|startoftext|>"
    images = True

    def __init__(self, *args: Any, thinking: bool) -> None:
        super().__init__(*args)
        self.thinking = thinking
        self.levels = (thinking,)
        self.default = thinking

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        own = bool(messages) and messages[0].role == "system"
        system = messages[0].content if own else ""
        if tools:
            listed = ", ".join(map(_tool, tools))
            system += (
                "\n" if system else ""
            ) + f"List of tools: <|tool_list_start|>[{listed}]<|tool_list_end|>"
        out = [self.bos, f"<|im_start|>system\n{system}<|im_end|>\n" if system else ""]
        turns = [i for i, m in enumerate(messages) if m.role == "assistant" and i >= own]
        kept = max(turns, default=-1)
        seen = messages[0].images if own else 0
        for i, message in enumerate(messages[own:], int(own)):
            content, seen = with_tags(message.content, message.images, seen)
            if message.role == "assistant":
                old = i != kept and not (self.thinking and think)
                content = self._turn(message, content, old=old)
            if message.role == "tool" and _RESULT not in content:
                content = _RESULT + content + _RESULT_END
            prefill = message.role == "assistant" and i == len(messages) - 1
            out.append(f"<|im_start|>{message.role}\n{content}{'' if prefill else '<|im_end|>' + chr(10)}")
        goes_on = messages and messages[-1].role == "assistant"
        return "".join(out) + ("" if goes_on else "<|im_start|>assistant\n")

    def _turn(self, message: Message, content: str, *, old: bool) -> str:
        """What the model wrote; old: without its thought."""
        later = self.target.has("renderer_lfm2_thoughts")
        if not later:
            content = _without_thought(content) if old else content
        if message.calls and _CALLS not in content:
            between = "\n" if trim(content) else ""
            content = f"{_CALLS}[{','.join(map(_call, message.calls))}]{_CALLS_END}{between}{content}"
        if later:
            if self.thinking and message.thinking and _CLOSE not in content:
                content = f"<think>{message.thinking}{_CLOSE}{content}"
            content = _without_thought(content) if old else content
        return content


def _without_thought(content: str) -> str:
    return trim(content.rpartition(_CLOSE)[2]) if _CLOSE in content else content


def _tool(tool: Tool) -> str:
    return spaced(function_json(tool, html=False) if tool.name else tool_json(tool, html=False))


def _call(call: Call) -> str:
    arguments = (f"{k}={spaced(value_json(call.arguments[k], html=False))}" for k in sorted(call.arguments))
    return f"{call.name}({','.join(arguments)})"
