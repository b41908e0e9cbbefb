"""RENDERER cohere (model/renderers/cohere.go)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ..think import Think
from .go_text import arguments_json, parameters_json, spaced, string_json, value_json
from .protocol import Message, Renderer, Tool

_TURN, _END = "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>"
_SYSTEM = f"{_TURN}<|SYSTEM_TOKEN|>"
_TEXT, _TEXT_END = "<|START_TEXT|>", f"<|END_TEXT|>{_END}"


def _role(message: Message) -> str:
    """The role, written in whatever letters."""
    folded = message.role.casefold()
    return folded if len(folded) == len(message.role) else message.role


class Cohere(Renderer):
    """Calls are numbered through the conversation, and a result names the number of its call."""

    bos = "<BOS_TOKEN>"
    levels = (False, True)
    default = True

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        own = bool(messages) and _role(messages[0]) == "system"
        system = messages[0].content if own else ""
        out = [_SYSTEM, _TEXT, f"{system}\n\n\n\n" if system else "", _tools(tools), _TEXT_END]
        rest = messages[own:]
        numbers: dict[str, str] = {}
        count = 0
        prefill = False
        for role, group in groupby(rest, _role):
            turns = list(group)
            if role == "tool":
                results = ",".join(
                    _result(numbers.get(m.tool_call_id, m.tool_call_id), m.content) for m in turns
                )
                out += [_SYSTEM, f"<|START_TOOL_RESULT|>[{results}\n\n]<|END_TOOL_RESULT|>{_END}"]
                continue
            for message in turns:
                if role in ("system", "user"):
                    out += [_TURN, f"<|{role.upper()}_TOKEN|>", _TEXT, message.content, _TEXT_END]
                elif role in ("assistant", "chatbot"):
                    out.append(f"{_TURN}<|CHATBOT_TOKEN|>")
                    thought = (
                        f"<|START_THINKING|>{message.thinking}<|END_THINKING|>" if message.thinking else ""
                    )
                    if message.calls:
                        calls = []
                        for call in message.calls:
                            if call.id:
                                numbers.setdefault(call.id, str(count))
                            arguments = spaced(arguments_json(call))
                            calls.append(
                                f'\n\n    {{"tool_call_id": "{count}", "tool_name": "{call.name}", '
                                f'"parameters": {arguments}}}'
                            )
                            count += 1
                        out += ["\n            \n                ", thought]
                        out.append(f"<|START_ACTION|>[{','.join(calls)}\n\n]<|END_ACTION|>{_END}")
                    else:
                        prefill = message is rest[-1]
                        out += [thought, _TEXT, message.content, "" if prefill else _TEXT_END]
        if not prefill:
            off = think is not None and think is False
            out += [f"{_TURN}<|CHATBOT_TOKEN|><|START_THINKING|>", "<|END_THINKING|>" if off else ""]
        return "".join(out)


def _tools(tools: Sequence[Tool]) -> str:
    listed = ",\n\n".join(f"\n    {_tool(t)}" for t in tools)
    return f"# Available Tools\n```json\n[\n{listed}\n\n\n]\n```"


def _tool(tool: Tool) -> str:
    name, description = string_json(tool.name), string_json(tool.description)
    parameters = spaced(parameters_json(tool.parameters))
    return f'{{"name": {name}, "description": {description}, "parameters": {parameters}, "responses": null}}'


def _result(number: str, content: str) -> str:
    return (
        f'\n    {{\n        "tool_call_id": "{number}",\n        "results": {{\n\n            \n            '
        f'"0": {spaced(value_json({"content": content}))}\n\n        }},\n        "is_error": null\n    }}'
    )
