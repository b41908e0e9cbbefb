"""A request's messages and tools as the Go values that a TEMPLATE is given.

The way is that of a real request: JSON, then Go's decoder into the API's types, then what the
server and the template package make of them. So numbers are float64, schema keys that Ollama does
not know vanish, and what the decoder refuses is a PromptError with status 400.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from ..core.errors import PromptError
from ..gotemplate.big_stack import with_deep_stack
from ..gotemplate.values.representation import Map, Pointer, Slice, Struct
from .api_types import IMAGE, PROPERTY_TYPE, STRINGS, Types, ordered_properties

# Deeper JSON is refused by Go's decoder (encoding/json, maxNestingDepth).
MAX_JSON_DEPTH = 10_000
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class ChatMessage:
    """One message of a request: api.Message, its calls as decoded JSON objects.

    images, tool_calls: None where the request has none, which Go tells from an empty list.
    """

    role: str
    content: str = ""
    thinking: str = ""
    images: tuple[bytes, ...] | None = None
    tool_calls: tuple[Mapping[str, Any], ...] | None = None
    tool_name: str = ""
    tool_call_id: str = ""

    @property
    def pictures(self) -> int:
        """How many pictures it carries."""
        return len(self.images or ())

    def with_content(self, content: str) -> ChatMessage:
        """The same message with other text."""
        return replace(self, content=content)


_MESSAGE_KEYS = ("role", "content", "thinking", "images", "tool_calls", "tool_name", "tool_call_id")


def decode_message(message: Mapping[str, Any], where: str = "message") -> ChatMessage:
    """One message as the server's decoder reads it; raises PromptError (400) where it refuses."""
    data = _object(message, where, _MESSAGE_KEYS)
    return ChatMessage(
        role=_text(data, "role", where).lower(),
        content=_text(data, "content", where),
        thinking=_text(data, "thinking", where),
        images=_images(data.get("images"), where),
        tool_calls=_tool_calls(data.get("tool_calls"), f"{where}.tool_calls"),
        tool_name=_text(data, "tool_name", where),
        tool_call_id=_text(data, "tool_call_id", where),
    )


def decode_messages(messages: Sequence[Mapping[str, Any]]) -> list[ChatMessage]:
    """All messages of a request."""
    return with_deep_stack(lambda: [decode_message(m, f"messages[{i}]") for i, m in enumerate(messages)])


def _tool_calls(calls: Any, where: str) -> tuple[Mapping[str, Any], ...] | None:
    if calls is None:
        return None
    return tuple(_tool_call(c, f"{where}[{i}]") for i, c in enumerate(_list(calls, where)))


def _tool_call(call: Any, where: str) -> dict[str, Any]:
    data = _object(call, where, ("id", "function"))
    function = _object(data.get("function"), f"{where}.function", ("index", "name", "arguments"))
    arguments = function.get("arguments")
    if arguments is not None and not isinstance(arguments, Mapping):
        _refuse(f"{where}.function.arguments", arguments, "an object")
    return {
        "ID": _text(data, "id", where),
        "Index": _integer(function.get("index"), f"{where}.function.index"),
        "Name": _text(function, "name", f"{where}.function"),
        "Arguments": None if arguments is None else json_value(arguments),
    }


def message_value(types: Types, message: ChatMessage) -> Pointer:
    """A message as a TEMPLATE sees it."""
    known = types.message.by_name
    calls = images = None
    if message.tool_calls or (message.tool_calls is not None and not types.converted):
        calls = [_call_value(types, c) for c in message.tool_calls]
    if message.images is not None:
        images = [Slice(IMAGE, list(i)) for i in message.images]
    fields: dict[str, Any] = {
        "Role": message.role,
        "Content": message.content,
        "Thinking": message.thinking,
        "Images": Slice(known["Images"].type, images),
        "ToolCalls": Slice(known["ToolCalls"].type, calls),
        "ToolName": message.tool_name,
        "ToolCallID": message.tool_call_id,
    }
    return Pointer(Struct(types.message, {k: v for k, v in fields.items() if k in known}))


def _call_value(types: Types, call: Mapping[str, Any]) -> Struct:
    function = Struct(
        types.call_function,
        {
            "Index": call["Index"],
            "Name": call["Name"],
            "Arguments": Map(types.arguments, call["Arguments"]),
        },
    )
    ident = {"ID": call["ID"]} if "ID" in types.call.by_name else {}
    return Struct(types.call, {**ident, "Function": function})


def tools_value(types: Types, tools: Sequence[Mapping[str, Any]] | None) -> Slice:
    """`.Tools` of a request; None is a nil slice, which prints as null."""
    if tools is None:
        return Slice(types.tools, None)
    decoder = _ToolDecoder(types)
    decoded = with_deep_stack(lambda: [decoder.tool(t, f"tools[{i}]") for i, t in enumerate(tools)])
    return Slice(types.tools, decoded)


class _ToolDecoder:
    """Reads tools into the types of one release."""

    def __init__(self, types: Types) -> None:
        self.types = types

    def tool(self, tool: Any, where: str) -> Struct:
        data = _object(tool, where, ("type", "items", "function"))
        fields: dict[str, Any] = {
            "Type": _text(data, "type", where),
            "Function": self.function(data.get("function"), f"{where}.function"),
        }
        if "Items" in self.types.tool.by_name:
            fields["Items"] = json_value(data.get("items"))
        return Struct(self.types.tool, fields)

    def function(self, function: Any, where: str) -> Struct:
        data = _object(function, where, ("name", "description", "parameters"))
        return Struct(
            self.types.function,
            {
                "Name": _text(data, "name", where),
                "Description": _text(data, "description", where),
                "Parameters": self.parameters(data.get("parameters"), f"{where}.parameters"),
            },
        )

    def parameters(self, parameters: Any, where: str) -> Struct:
        known = self.types.parameters.by_name
        names = {"type": "Type", "$defs": "Defs", "items": "Items", "required": "Required"}
        data = _object(parameters, where, (*(k for k, v in names.items() if v in known), "properties"))
        fields: dict[str, Any] = {
            "Type": _text(data, "type", where),
            "Required": _strings(data.get("required"), f"{where}.required"),
        }
        for key, name in (("$defs", "Defs"), ("items", "Items")):
            if name in known:
                fields[name] = json_value(data.get(key))
        properties = self.properties(data.get("properties"), f"{where}.properties")
        fields["Properties"] = Map(self.types.properties, properties)
        return Struct(self.types.parameters, fields)

    def properties(self, properties: Any, where: str) -> dict[str, Struct] | None:
        if properties is None:
            return None
        if not isinstance(properties, Mapping):
            _refuse(where, properties, "an object")
        return {clean(str(name)): self.property(p, f"{where}.{name}") for name, p in properties.items()}

    def property(self, prop: Any, where: str) -> Struct:
        known = self.types.prop.by_name
        readers = {
            "anyOf": ("AnyOf", self.any_of),
            "type": ("Type", self.property_type),
            "items": ("Items", lambda v, _: json_value(v)),
            "description": ("Description", lambda v, at: _string(v, at)),
            "enum": ("Enum", self.enum),
            "properties": ("Properties", self.nested),
            "required": ("Required", _strings),
        }
        data = _object(prop, where, [key for key, (name, _) in readers.items() if name in known])
        fields = {}
        for key, value in data.items():
            name, read = readers[key]
            fields[name] = read(value, f"{where}.{key}")
        return Struct(self.types.prop, fields)

    def any_of(self, value: Any, where: str) -> Any:
        if value is None:
            return None
        return [self.property(p, f"{where}[{i}]") for i, p in enumerate(_list(value, where))]

    def property_type(self, value: Any, where: str) -> Any:
        if self.types.prop.by_name["Type"].type is not PROPERTY_TYPE:
            return _string(value, where)
        if isinstance(value, (list, tuple)):
            return Slice(PROPERTY_TYPE, [_string(v, f"{where}[{i}]") for i, v in enumerate(value)])
        return Slice(PROPERTY_TYPE, [_string(value, where, "a string or a list of strings")])

    def enum(self, value: Any, where: str) -> Any:
        if self.types.prop.by_name["Enum"].type is STRINGS:
            return _strings(value, where)
        return None if value is None else [json_value(v) for v in _list(value, where)]

    def nested(self, value: Any, where: str) -> Any:
        items = self.properties(value, where)
        if items is None or self.types.nested is None:
            return None
        return Pointer(ordered_properties(self.types.nested, items))


def json_value(value: Any, depth: int = 0) -> Any:
    """A JSON value as Go decodes it into `any`: every number a float64, every text valid UTF-8."""
    if depth > MAX_JSON_DEPTH:
        raise PromptError("the request's JSON is nested too deeply", status=400)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, Mapping):
        return {clean(str(k)): json_value(v, depth + 1) for k, v in value.items()}
    if isinstance(value, Sequence):
        return [json_value(v, depth + 1) for v in value]
    raise PromptError(f"{type(value).__name__} is not a value of JSON", status=400)


def _number(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise PromptError(f"the number {str(value)[:40]} does not fit Go's float64", status=400)
    return number


def clean(text: str) -> str:
    """A text as it comes out of Go's JSON decoder: lone surrogates are U+FFFD."""
    return _SURROGATE.sub("\ufffd", text) if not text.isascii() and _SURROGATE.search(text) else text


def _object(value: Any, where: str, keys: Sequence[str]) -> dict[str, Any]:
    """The known keys of a JSON object, matched without regard to case; null is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        _refuse(where, value, "an object")
    data: dict[str, Any] = {}
    for key, item in value.items():
        if key in keys:
            data[key] = item
            continue
        folded = str(key).casefold()
        for known in keys:
            if known.casefold() == folded:
                data[known] = item
    return data


def _text(data: Mapping[str, Any], key: str, where: str) -> str:
    return _string(data.get(key), f"{where}.{key}")


def _string(value: Any, where: str, expected: str = "a string") -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        _refuse(where, value, expected)
    return clean(value)


def _strings(value: Any, where: str) -> Slice:
    if value is None:
        return Slice(STRINGS, None)
    return Slice(STRINGS, [_string(v, f"{where}[{i}]") for i, v in enumerate(_list(value, where))])


def _list(value: Any, where: str) -> Sequence[Any]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)):
        _refuse(where, value, "a list")
    return value


def _integer(value: Any, where: str) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        _refuse(where, value, "a whole number")
    return value


def _images(value: Any, where: str) -> tuple[bytes, ...] | None:
    """Pictures: bytes, base64 text, or a plain count where no picture is needed (0 is none at all)."""
    if value is None or value == 0:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return tuple(f"picture {i}".encode() for i in range(value))
    return tuple(_image(v, f"{where}.images[{i}]") for i, v in enumerate(_list(value, f"{where}.images")))


def _image(value: Any, where: str) -> bytes:
    """A picture's bytes. A text that is no base64 stands for itself: clients read a path's file."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    text = _string(value, where, "base64 text")
    try:
        return base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True)
    except (binascii.Error, ValueError):
        return text.encode()


def _refuse(where: str, value: Any, expected: str) -> NoReturn:
    kinds = {str: "a string", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    found = kinds.get(type(value)) or ("an object" if isinstance(value, Mapping) else type(value).__name__)
    raise PromptError(
        f"{where} is {found}, the server's decoder expects {expected}",
        status=400,
        help="send messages and tools in the shape of Ollama's /api/chat",
    )
