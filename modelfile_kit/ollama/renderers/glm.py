"""RENDERER glm-4.7 and glm-ocr (model/renderers/glm47.go, glmocr.go)."""

from __future__ import annotations

from collections.abc import Sequence

from ..think import Think
from .go_text import spaced, tool_json, trim, value_json
from .image_tags import with_tags
from .protocol import Call, Message, Renderer, Tool

_BEFORE = (
    "<|system|>\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n"
)
_AFTER = (
    "</tools>\n\nFor each function call, output the function name and arguments within the "
    "following XML format:\n"
    "<tool_call>{function-name}<arg_key>{arg-key-1}</arg_key><arg_value>{arg-value-1}</arg_value>"
    "<arg_key>{arg-key-2}</arg_key><arg_value>{arg-value-2}</arg_value>...</tool_call>"
)


def _start(tools: Sequence[Tool]) -> str:
    if not tools:
        return "[gMASK]<sop>"
    return "[gMASK]<sop>" + _BEFORE + "".join(f"{spaced(tool_json(t))}\n" for t in tools) + _AFTER


def _call(call: Call) -> str:
    pairs = (
        f"<arg_key>{k}</arg_key><arg_value>{v if isinstance(v, str) else value_json(v)}</arg_value>"
        for k, v in call.arguments.items()
    )
    return f"<tool_call>{call.name}{''.join(pairs)}</tool_call>"


def _follows_no_tool(messages: Sequence[Message], at: int) -> bool:
    return at == 0 or messages[at - 1].role != "tool"


class GLM47(Renderer):
    """Thoughts of every turn are kept; images have no place."""

    levels = (False, True)
    default = True

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        out = [_start(tools)]
        for i, message in enumerate(messages):
            if message.role in ("user", "system"):
                out += [f"<|{message.role}|>", message.content]
            elif message.role == "assistant":
                thought = f"<think>{message.thinking}" if message.thinking else ""
                out += ["<|assistant|>", thought, "</think>", message.content, *map(_call, message.calls)]
            elif message.role == "tool":
                out.append("<|observation|>" if _follows_no_tool(messages, i) else "")
                out.append(f"<tool_response>{message.content}</tool_response>")
        off = think is not None and not think
        return "".join(out) + ("<|assistant|></think>" if off else "<|assistant|><think>")


class GLMOCR(Renderer):
    """Each part stands in a line of its own; a request not to think is said in the words of the user."""

    images = True

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        out = [_start(tools)]
        off = think is not None and not think
        seen = 0
        for i, message in enumerate(messages):
            if message.role == "user":
                content, seen = with_tags(message.content, message.images, seen)
                out += ["<|user|>\n", content]
                out.append("/nothink" if off and not message.content.endswith("/nothink") else "")
            elif message.role == "assistant":
                out.append(f"<|assistant|>\n<think>{trim(message.thinking)}</think>")
                out.append(f"\n{trim(message.content)}" if message.content else "")
                out += [*(f"\n{_call(c)}" for c in message.calls), "\n"]
            elif message.role == "tool":
                out.append("<|observation|>" if _follows_no_tool(messages, i) else "")
                content, seen = with_tags(message.content, message.images, seen)
                out.append(f"\n<tool_response>\n{content}\n</tool_response>\n")
            elif message.role == "system":
                out.append(f"<|system|>\n{message.content}\n")
        return "".join(out) + "<|assistant|>\n" + ("<think></think>\n" if off else "")
