"""RENDERER functiongemma (model/renderers/functiongemma.go)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..think import Think
from .go_text import number_text, trim, upper, value_text
from .protocol import Call, Message, Parameters, Renderer, Tool

_SYSTEM = "You can do function calling with the following functions:"
_CALL, _RESULT = "call", "result"


class FunctionGemma(Renderer):
    """A call and its results are one turn of the model."""

    bos = "<bos>"

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        own = bool(messages) and messages[0].role in ("system", "developer")
        system = messages[0].content if own else ""
        rest = messages[own:]
        out = [self.bos]
        if system or tools:
            out += ["<start_of_turn>developer\n", trim(system)]
            if tools:
                out += ["\n" if system else "", "" if trim(system) == _SYSTEM else _SYSTEM]
            out += [*map(_declaration, tools), "<end_of_turn>\n"]
        before = ""
        for i, message in enumerate(rest):
            role = message.role
            if role == "tool":
                out.append("" if before == _CALL else "<start_function_response>")
                out.append(f"response:{_name(rest, i)}{{{_value(message.content)}}}<end_function_response>")
                before = _RESULT
                continue
            goes_on = before == _RESULT and role in ("assistant", "user")
            # Other roles open a turn of their own, and what stood before them still counts.
            shown = "model" if role == "assistant" else role
            out += ["" if goes_on else f"<start_of_turn>{shown}\n", trim(message.content)]
            before = "" if role in ("assistant", "user") else before
            if role == "assistant" and message.calls:
                out += map(_call, message.calls)
                if i + 1 < len(rest) and rest[i + 1].role == "tool":
                    out.append("<start_function_response>")
                    before = _CALL
                    continue
            out.append("<end_of_turn>\n")
        return "".join(out) + ("" if before == _RESULT else "<start_of_turn>model\n")


def _name(messages: Sequence[Message], at: int) -> str:
    """Whose result it is: the calls before it are counted off."""
    for j in range(at - 1, -1, -1):
        if messages[j].role == "assistant" and messages[j].calls:
            number = sum(m.role == "tool" for m in messages[j + 1 : at])
            calls = messages[j].calls
            return calls[number].name if number < len(calls) else ""
    return ""


def _call(call: Call) -> str:
    return f"<start_function_call>call:{call.name}{_value(call.arguments)}<end_function_call>"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return f"<escape>{value}<escape>"
    if isinstance(value, float) and not isinstance(value, bool):
        return number_text(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{k}:{_value(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_value, value)) + "]"
    return value_text(value)


def _declaration(tool: Tool) -> str:
    text = f"declaration:{tool.name}{{description:<escape>{tool.description}<escape>"
    if tool.parameters.properties is not None or tool.parameters.type:
        text += f",parameters:{{{','.join(_parameters(tool.parameters))}}}"
    return f"<start_function_declaration>{text}}}<end_function_declaration>"


def _parameters(parameters: Parameters) -> list[str]:
    out = []
    properties = parameters.properties or {}
    if properties:
        written = []
        for name in sorted(properties):
            kind = properties[name].type
            types = f",type:<escape>{upper(kind[0])}<escape>" if kind else ""
            written.append(f"{name}:{{description:<escape>{properties[name].description}<escape>{types}}}")
        out.append(f"properties:{{{','.join(written)}}}")
    if parameters.required:
        out.append(f"required:[{','.join(f'<escape>{r}<escape>' for r in parameters.required)}]")
    if parameters.type:
        out.append(f"type:<escape>{upper(parameters.type)}<escape>")
    return out
