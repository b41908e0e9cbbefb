"""RENDERER nemotron-3-nano and nemotron-3.5-nano (model/renderers/nemotron3nano.go)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...gotemplate.values.encoding_json import format_number
from ...gotemplate.values.strconv import quote
from ..think import Think
from .go_text import trim, value_text
from .image_tags import with_tags
from .protocol import Call, Message, Parameters, Property, Renderer, Tool
from .qwen3_coder import HOW_TO_CALL, same_role

_OPEN, _CLOSE = "<think>", "</think>"
_EMPTY = _OPEN + _CLOSE


class Nemotron3(Renderer):
    """Words of a user or of the system can turn thinking on and off (/think, /no_think)."""

    levels: tuple[bool | str, ...] = (False, True)
    default: bool | str = True
    images = True

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        own = bool(messages) and messages[0].role == "system"
        system = self.cleaned(messages[0].content) if own else ""
        rest = messages[own:]
        last_user = max((i for i, m in enumerate(rest) if m.role == "user"), default=-1)
        strict = self.target.has("renderer_nemotron_layout")
        space = "" if strict else "\n"
        if tools:
            system += ("\n\n" if system else "") + self._tools(tools)
        out = [space * 3, f"<|im_start|>system\n{system}<|im_end|>\n", space]
        seen = 0
        for i, message in enumerate(rest):
            if message.role == "assistant":
                out.append(f"<|im_start|>assistant\n{self._turn(message, old=i < last_user)}<|im_end|>\n")
            elif message.role in ("user", "system"):
                content, seen = with_tags(message.content, message.images, seen)
                content = self.asked(content, think if message.role == "user" and i == last_user else None)
                out.append(f"<|im_start|>{message.role}\n{content}<|im_end|>\n")
            elif message.role == "tool":
                content, seen = with_tags(message.content, message.images, seen)
                starts = not same_role(rest, i, -1) and (i or not strict)
                out.append("<|im_start|>user\n" if starts else "")
                out.append(f"<tool_response>\n{content}\n</tool_response>\n")
                out.append("" if same_role(rest, i, 1) else "<|im_end|>\n")
            else:
                out.append(f"<|im_start|>{message.role}\n{message.content}<|im_end|>\n")
        out += [space, "<|im_start|>assistant\n"]
        return "".join(out) + (f"{_OPEN}\n" if self.thinks(messages, think) else _EMPTY)

    def thinks(self, messages: Sequence[Message], think: Think) -> bool:
        """Whether the answer begins with a thought."""
        thinks = think is None or think is not False
        for message in messages:
            if message.role in ("user", "system"):
                if "/think" in message.content.replace(_CLOSE, ""):
                    thinks = True
                elif "/no_think" in message.content:
                    thinks = False
        return thinks

    def cleaned(self, text: str) -> str:
        """A system text without the words that turn thinking on and off."""
        return _without_words(text)

    def asked(self, text: str, think: Think) -> str:
        """A text of the user or the system; think: of the request, for the last one of the user."""
        return trim(_without_words(text)) if self.target.has("renderer_nemotron_layout") else text

    def thought(self, thinking: str) -> str:
        """A thought in its tags."""
        return f"{_OPEN}\n{thinking}\n{_CLOSE}\n"

    def _turn(self, message: Message, *, old: bool) -> str:
        content = message.content
        if message.thinking:
            content = self.thought(message.thinking) + content
        elif _OPEN not in content and _CLOSE not in content:
            content = _EMPTY + content
        if not message.calls:
            if old and _OPEN in content and _CLOSE in content:
                content = _EMPTY + content.rpartition(_CLOSE)[2]
            return trim(content)
        if not trim(content):
            content = _EMPTY
        elif not old:
            content = f"{trim(content)}\n"
        else:
            content = content.rpartition(_CLOSE)[2] if _CLOSE in content else content.partition(_OPEN)[0]
            content = f"{_EMPTY}{trim(content)}\n"
        return content + "".join(map(self._call, message.calls))

    def _call(self, call: Call) -> str:
        arguments = (
            f"<parameter={k}>\n{self._argument(v)}\n</parameter>\n" for k, v in call.arguments.items()
        )
        return f"<tool_call>\n<function={call.name}>\n{''.join(arguments)}</function>\n</tool_call>\n"

    def _argument(self, value: Any) -> str:
        if isinstance(value, (Mapping, list)):
            return python_json(value)
        if not self.target.has("renderer_nemotron_layout"):
            return value_text(value)
        return {None: "None", True: "True", False: "False"}[value] if _is_word(value) else value_text(value)

    def _tools(self, tools: Sequence[Tool]) -> str:
        listed = "".join(map(self._tool, tools))
        start = "# Tools\n\nYou have access to the following functions:\n\n<tools>"
        return f"{start}{listed}\n</tools>{HOW_TO_CALL}"

    def _tool(self, tool: Tool) -> str:
        out = [f"\n<function>\n<name>{tool.name}</name>"]
        out.append(f"\n<description>{trim(tool.description)}</description>" if tool.description else "")
        out.append("\n<parameters>")
        for name, prop in (tool.parameters.properties or {}).items():
            out.append(f"\n<parameter>\n<name>{name}</name>")
            if prop.type:
                several = "[" + ", ".join(f"'{t}'" for t in prop.type) + "]"
                out.append(f"\n<type>{prop.type[0] if len(prop.type) == 1 else several}</type>")
            out.append(f"\n<description>{trim(prop.description)}</description>" if prop.description else "")
            out.append(_tagged("enum", prop.enum))
            out.append(_tagged("anyOf", prop.any_of))
            out.append("" if prop.items is None else _tagged("items", prop.items, always=True))
            out.append("" if prop.properties is None else _tagged("properties", prop.properties, always=True))
            out += [_tagged("required", prop.required), "\n</parameter>"]
        out += [self._extra(tool.parameters), _tagged("required", tool.parameters.required)]
        return "".join(out) + "\n</parameters>\n</function>"

    def _extra(self, parameters: Parameters) -> str:
        extra = (("$defs", parameters.defs), ("items", parameters.items))
        strict = self.target.has("renderer_nemotron_layout")
        return "".join(
            f"\n<{k}>{self._argument(v) if strict else python_json(v)}</{k}>"
            for k, v in extra
            if v is not None
        )


class Nemotron35(Nemotron3):
    """Words of the prompt do not turn thinking on or off; "medium" asks for a short thought."""

    levels = (False, True, "medium")

    def thinks(self, messages: Sequence[Message], think: Think) -> bool:
        return think is not False

    def cleaned(self, text: str) -> str:
        return text

    def asked(self, text: str, think: Think) -> str:
        return f"{text}\n\n{{reasoning effort: efficient}}" if think == "medium" else text

    def thought(self, thinking: str) -> str:
        return f"{_OPEN}\n{thinking}{_CLOSE}"


def _is_word(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _without_words(text: str) -> str:
    """Without /think and /no_think, but with the closing tag of a thought."""
    text = text.replace(_CLOSE, "<_end_think>").replace("/think", "").replace("/no_think", "")
    return text.replace("<_end_think>", _CLOSE)


def _tagged(name: str, value: Any, *, always: bool = False) -> str:
    return f"\n<{name}>{python_json(value)}</{name}>" if always or value else ""


def python_json(value: Any) -> str:
    """A value as the renderer writes JSON: spaces after colons and commas, texts as Go quotes them."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format_number(value)
    if isinstance(value, Property):
        return _property_json(value)
    if isinstance(value, Mapping):
        is_schema = any(isinstance(v, Property) for v in value.values())
        names = list(value) if is_schema else sorted(value)
        return "{" + ", ".join(f"{quote(k)}: {python_json(value[k])}" for k in names) + "}"
    return "[" + ", ".join(map(python_json, value)) + "]"


def _property_json(prop: Property) -> str:
    kind = prop.type[0] if len(prop.type) == 1 else prop.type
    members: list[tuple[str, Any, bool]] = [
        ("anyOf", prop.any_of, bool(prop.any_of)),
        ("type", kind, bool(prop.type)),
        ("items", prop.items, prop.items is not None),
        ("description", prop.description, bool(prop.description)),
        ("enum", prop.enum, bool(prop.enum)),
        ("properties", prop.properties, prop.properties is not None),
        ("required", prop.required, bool(prop.required)),
    ]
    return "{" + ", ".join(f'"{k}": {python_json(v)}' for k, v, written in members if written) + "}"
