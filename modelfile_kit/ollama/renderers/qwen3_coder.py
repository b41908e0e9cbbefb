"""RENDERER qwen3-coder (model/renderers/qwen3coder.go), and what other families share with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..think import Think
from .go_text import parameters_json, property_json, types_json, value_json, value_text
from .protocol import Message, Renderer, Tool

HOW_TO_CALL = (
    "\n\nIf you choose to call a function ONLY reply in the following format with NO suffix:\n\n"
    "<tool_call>\n<function=example_function_name>\n<parameter=example_parameter_1>\nvalue_1\n</parameter>\n"
    "<parameter=example_parameter_2>\nThis is the value for the second parameter\nthat can span\n"
    "multiple lines\n</parameter>\n</function>\n</tool_call>\n\n<IMPORTANT>\nReminder:\n"
    "- Function calls MUST follow the specified format: an inner <function=...></function> block "
    "must be nested "
    "within <tool_call></tool_call> XML tags\n"
    "- Required parameters MUST be specified\n"
    "- You may provide optional reasoning for your function call in natural language BEFORE the "
    "function call, "
    "but NOT after\n"
    "- If there is no function call available, answer the question like normal with your current "
    "knowledge and "
    "do not tell the user about function calls\n</IMPORTANT>"
)
_SYSTEM = "You are Qwen, a helpful AI assistant that can interact with a computer to solve tasks."


def argument_text(value: Any) -> str:
    """A call's argument: texts as they are, lists and objects as JSON, the rest as Go prints it."""
    if value is None:
        return "null"
    return value_json(value) if isinstance(value, (Mapping, list)) else value_text(value)


def same_role(messages: Sequence[Message], at: int, step: int) -> bool:
    """Whether the neighbour of a message (step -1 or 1) has its role."""
    return 0 <= at + step < len(messages) and messages[at + step].role == messages[at].role


def tool_result(messages: Sequence[Message], at: int, content: str) -> str:
    """A tool's result; those in a row share a turn of the user."""
    start = "" if same_role(messages, at, -1) else "<|im_start|>user"
    end = "" if same_role(messages, at, 1) else "<|im_end|>\n"
    return f"{start}\n<tool_response>\n{content}\n</tool_response>{end}"


class Qwen3Coder(Renderer):
    """The first system message counts; other keys of a schema are written in Go's random order of a map."""

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        out = []
        system = next((m.content for m in messages if m.role == "system" and m.content), "")
        if system or tools:
            out += ["<|im_start|>system\n", system or _SYSTEM]
            if tools:
                out.append("\n\n# Tools\n\nYou have access to the following functions:\n\n<tools>")
                out += [*map(self._tool, tools), "\n</tools>", HOW_TO_CALL]
            out.append("<|im_end|>\n")
        rest = [m for m in messages if m.role != "system"]
        for i, message in enumerate(rest):
            last = i == len(rest) - 1
            prefill = last and message.role == "assistant"
            if message.role == "tool":
                out.append(tool_result(rest, i, message.content))
            elif message.calls and message.role == "assistant":
                text = f"{message.content}\n" if message.content else ""
                out += ["<|im_start|>assistant\n", text]
                for call in message.calls:
                    out.append(f"\n<tool_call>\n<function={call.name}>")
                    for name, value in call.arguments.items():
                        out.append(f"\n<parameter={name}>\n{argument_text(value)}\n</parameter>")
                    out.append("\n</function>\n</tool_call>")
                out.append("<|im_end|>\n")
            else:
                end = "" if prefill else "<|im_end|>\n"
                out.append(f"<|im_start|>{message.role}\n{message.content}{end}")
            out.append("<|im_start|>assistant\n" if last and not prefill else "")
        return "".join(out)

    def _tool(self, tool: Tool) -> str:
        out = [f"\n<function>\n<name>{tool.name}</name>"]
        out.append(f"\n<description>{tool.description}</description>" if tool.description else "")
        out.append("\n<parameters>")
        for name, prop in (tool.parameters.properties or {}).items():
            out.append(f"\n<parameter>\n<name>{name}</name>")
            if prop.type:
                kind = prop.type[0] if len(prop.type) == 1 else types_json(prop.type)
                out.append(f"\n<type>{kind}</type>")
            out.append(f"\n<description>{prop.description}</description>" if prop.description else "")
            out += [self._other_keys(property_json(prop), "type", "description"), "\n</parameter>"]
        out.append(self._other_keys(parameters_json(tool.parameters), "type", "properties"))
        return "".join(out) + "\n</parameters>\n</function>"

    def _other_keys(self, text: str, *written: str) -> str:
        """The other members of an object, by its JSON."""
        members = json.loads(text, parse_int=float)
        found = {k: v for k, v in members.items() if k not in written and v is not None}
        if len(found) > 1:
            self.varies = f"the order of {', '.join(found)} in the schema of a tool"
        return "".join(f"\n<{k}>{argument_text(v)}</{k}>" for k, v in found.items())
