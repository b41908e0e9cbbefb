"""RENDERER laguna and poolside-v1 (model/renderers/laguna.go)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..think import Think
from .go_text import SPACE, spaced, tool_json, trim, value_json
from .protocol import Message, Renderer, Tool
from .qwen3_coder import argument_text

_SYSTEM = (
    "You are a helpful, conversationally-fluent assistant made by Poolside. You are here to be "
    "helpful to users "
    "through natural language conversations."
)
_TOOLS = (
    "### Tools\n\nYou may call functions to assist with the user query.\n"
    "All available function signatures are listed below:\n<available_tools>\n"
)
_CALL = (
    "or each function call, return an unescaped XML-like object with function name and arguments within "
    "'<tool_call>' and '</tool_call>' tags, like here:\n"
)
_CALL_SHAPE = (
    "<tool_call>function-name\n<arg_key>argument-key</arg_key>\n"
    "<arg_value>value-of-argument-key</arg_value>\n</tool_call>"
)


def _listed(tools: Sequence[Tool]) -> str:
    return _TOOLS + "".join(f"{spaced(tool_json(t))}\n" for t in tools) + "</available_tools>"


def _system(messages: Sequence[Message]) -> tuple[str, int]:
    """The system text ("" for white space alone), and the place of the first message after it."""
    own = bool(messages) and messages[0].role == "system"
    text = messages[0].content if own else _SYSTEM
    return (text.rstrip(SPACE) if trim(text) else ""), int(own)


class Laguna(Renderer):
    """Each part stands in a line of its own; thoughts inside a text count (since 0.32.2)."""

    bos = "\u3008|EOS|\u3009"
    levels = (False, True)

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        thinks = bool(think)
        system, start = _system(messages)
        out = [self.bos]
        if system or tools:
            out += ["<system>\n", f"\n{system}" if system else ""]
            if tools:
                out += ["\n\n", _listed(tools), "\n\n"]
                if thinks:
                    out.append(
                        "Wrap your thinking in '<think>', '</think>' tags, followed by a function call. "
                    )
                out += ["F", _CALL, "<think> your thoughts here </think>\n" if thinks else "", _CALL_SHAPE]
            out.append("\n</system>\n")
        for i, message in enumerate(messages[start:], start):
            if message.role == "assistant":
                out.append(self._turn(message, last=i == len(messages) - 1))
            elif message.role in ("user", "tool", "system"):
                tag = "tool_response" if message.role == "tool" else message.role
                out.append(f"<{tag}>\n{message.content}\n</{tag}>\n")
        if not messages or messages[-1].role != "assistant":
            out.append(f"<assistant>\n{'<think>' if thinks else '</think>'}")
        return "".join(out)

    def _turn(self, message: Message, *, last: bool) -> str:
        content, thought = message.content, message.thinking
        if self.target.has("renderer_laguna_thoughts") and "</think>" in content:
            before, *_, after = content.split("</think>")
            if not thought:
                before = before.rstrip("\n")
                thought = before.rpartition("<think>")[2].lstrip("\n")
            content = after.lstrip("\n")
        content, thought = trim(content), trim(thought)
        out = ["<assistant>\n", f"<think>\n{thought}\n" if thought else "", "</think>\n"]
        out.append(f"{content}\n" if content else "")
        for call in message.calls:
            out.append(f"<tool_call>{call.name}\n")
            for name, value in call.arguments.items():
                out.append(f"<arg_key>{name}</arg_key>\n<arg_value>{self._argument(value)}</arg_value>\n")
            out.append("</tool_call>\n")
        prefill = last and (content or thought or message.calls)
        return "".join(out) + ("" if prefill else "</assistant>\n")

    def _argument(self, value: Any) -> str:
        return _argument(value) if self.target.has("renderer_laguna_thoughts") else argument_text(value)


def _argument(value: Any) -> str:
    return value if isinstance(value, str) else spaced(value_json(value))


class PoolsideV1(Renderer):
    """Nothing stands between the parts; thoughts are written where the request thinks."""

    bos = Laguna.bos
    levels = (False, True)

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        thinks = bool(think)
        system, start = _system(messages)
        out = [self.bos]
        if system or tools or thinks:
            parts = [part for part in (system, _listed(tools) if tools else "") if part]
            parts = ["\n\n".join(parts)]
            out += ["<system>", *parts, "</system>\n"]
        for message in messages[start:]:
            if message.role == "assistant":
                thought = f"<think>{message.thinking}" if thinks else ""
                out += ["<assistant>", thought, "</think>", message.content]
                for call in message.calls:
                    pairs = (
                        f"<arg_key>{k}</arg_key><arg_value>{_argument(v)}</arg_value>"
                        for k, v in call.arguments.items()
                    )
                    out.append(f"<tool_call>{call.name}{''.join(pairs)}</tool_call>")
                out.append("</assistant>\n")
            elif message.role in ("user", "tool", "system"):
                tag = "tool_response" if message.role == "tool" else message.role
                out.append(f"<{tag}>{message.content}</{tag}>\n")
        return "".join(out) + f"<assistant>{'<think>' if thinks else '</think>'}"
