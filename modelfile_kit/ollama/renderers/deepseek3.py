"""RENDERER deepseek3.1 (model/renderers/deepseek3.go)."""

from __future__ import annotations

from collections.abc import Sequence

from ..think import Think
from .cogito import BOS, EOS, mark
from .go_text import arguments_json, parameters_json
from .protocol import Message, Renderer, Tool

_BEGIN, _END = mark("tool calls begin"), mark("tool calls end")
_CALL, _SEP, _CALL_END = mark("tool call begin"), mark("tool sep"), mark("tool call end")
_USAGE = (
    "\nIMPORTANT: ALWAYS adhere to this exact format for tool use:\n"
    f"{_BEGIN}{_CALL}tool_call_name{_SEP}tool_call_arguments{_CALL_END}{{{{additional_tool_calls}}}}{_END}\n\n"
    "Where:\n\n"
    "- `tool_call_name` must be an exact match to one of the available tools\n"
    "- `tool_call_arguments` must be valid JSON that strictly follows the tool's Parameters Schema\n"
    "- For multiple tool calls, chain them directly without separators or spaces\n"
)


class DeepSeek31(Renderer):
    """All system messages stand in front, joined by an empty line."""

    bos = BOS
    levels = (False, True)

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        out = [BOS, "\n\n".join(m.content for m in messages if m.role == "system")]
        if tools:
            out.append("\n\n## Tools\nYou have access to the following tools:\n")
            for tool in tools:
                out.append(f"\n### {tool.name}\nDescription: {tool.description}")
                out.append(f"\n\nParameters: {parameters_json(tool.parameters)}\n")
            out.append(_USAGE)
        last_user = max((i for i, m in enumerate(messages) if m.role == "user"), default=-1)
        after_tool = after_user = False
        for i, message in enumerate(messages):
            if message.role == "user":
                after_tool, after_user = False, True
                out += [mark("User"), message.content]
            elif message.role == "tool":
                after_tool, after_user = True, False
                out += [mark("tool output begin"), message.content, mark("tool output end")]
            elif message.role == "assistant":
                if after_user:
                    thought = not message.calls and message.thinking and think and i > last_user
                    out += [mark("Assistant"), "<think>" if thought else "</think>"]
                content = message.content
                if message.calls:
                    calls = (f"{_CALL}{c.name}{_SEP}{arguments_json(c)}{_CALL_END}" for c in message.calls)
                    content += _BEGIN + "".join(calls) + _END
                elif not after_tool:
                    content = content.partition("</think>")[2] if "</think>" in content else content
                after_tool = after_user = False
                out += [content, EOS]
        if after_user:
            out += [mark("Assistant"), "<think>" if think else "</think>"]
        return "".join(out)
