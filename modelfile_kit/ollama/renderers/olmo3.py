"""RENDERER olmo3, olmo3.1, olmo3-think and olmo3-32b-think (model/renderers/olmo3.go, olmo3_think.go)."""

from __future__ import annotations

from collections.abc import Sequence

from ..think import Think
from .go_text import spaced, tool_json, value_json
from .protocol import Call, Message, Renderer, Tool

_OLMO = (
    "You are Olmo, a helpful AI assistant built by Ai2. Your date cutoff is December 2024, and your model "
    "weights are available at https://huggingface.co/allenai."
)
_SYSTEMS = {
    "olmo3": "You are a helpful function-calling AI assistant. ",
    "olmo3.1": f"{_OLMO} ",
    "olmo3-think": _OLMO,
    "olmo3-32b-think": "You are a helpful AI assistant.",
}
_NONE = "You do not currently have access to any functions. <functions></functions>"
_SOME = (
    "You are provided with function signatures within <functions></functions> XML tags. You may call one or "
    "more functions to assist with the user query. Output any function calls within "
    "<function_calls></function_calls> XML tags. Do not make assumptions about what values to plug "
    "into functions."
)


def _system(messages: Sequence[Message]) -> str | None:
    """The first system message; the others are lost."""
    return next((m.content for m in messages if m.role == "system"), None)


class Olmo3(Renderer):
    """Calls are written as Python's, arguments by name in the order of the alphabet."""

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        system = _system(messages)
        functions = (
            f"<functions>{spaced('[' + ','.join(map(tool_json, tools)) + ']')}</functions>" if tools else ""
        )
        if system is None:
            system = _SYSTEMS[self.name] + (_SOME + functions if tools else _NONE)
        else:
            system += functions
        out = [f"<|im_start|>system\n{system}<|im_end|>\n"]
        rest = [m for m in messages if m.role != "system"]
        for i, message in enumerate(rest):
            if message.role == "assistant":
                out += ["<|im_start|>assistant\n", message.content]
                if message.calls:
                    out.append(f"<function_calls>{chr(10).join(map(_call, message.calls))}</function_calls>")
                out.append("<|im_end|>\n" if message.calls or i < len(rest) - 1 else "")
            elif message.role in ("user", "tool"):
                role = "environment" if message.role == "tool" else "user"
                out.append(f"<|im_start|>{role}\n{message.content}<|im_end|>\n")
        last = rest[-1] if rest else Message("")
        goes_on = last.role == "assistant" and last.content and not last.calls
        return "".join(out) + ("" if goes_on else "<|im_start|>assistant\n")


def _call(call: Call) -> str:
    arguments = (f"{k}={value_json(call.arguments[k])}" for k in sorted(call.arguments))
    return f"{call.name}({', '.join(arguments)})"


class Olmo3Think(Renderer):
    """Always thinks; tools, their results and calls are lost."""

    levels = (True,)
    default = True

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        system = _system(messages)
        system = _SYSTEMS[self.name] if system is None else f"{system} {_NONE}"
        turns = (
            f"<|im_start|>{m.role}\n{m.content}<|im_end|>\n"
            for m in messages
            if m.role in ("user", "assistant")
        )
        return f"<|im_start|>system\n{system}<|im_end|>\n{''.join(turns)}<|im_start|>assistant\n<think>"
