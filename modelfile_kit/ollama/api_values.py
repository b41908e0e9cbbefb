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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from ..core.errors import PromptError
from ..gotemplate.big_stack import with_deep_stack
from ..gotemplate.values.gotypes import GoType
from ..gotemplate.values.representation import Map, Pointer, Slice, Struct
from .api_types import IMAGE, PROPERTY_TYPE, STRINGS, Types, ordered_properties, types_for
from .request_shape import Kind, Member, Shape, members
from .versions import Target

# Deeper JSON is refused by Go's decoder (encoding/json, maxNestingDepth).
MAX_JSON_DEPTH = 10_000
NULL_ARGUMENTS = "null arguments"
"""Beside the fields of a call's function: whether the request says null for its arguments."""
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class ChatMessage:
    """One message of a request: api.Message, its calls as decoded JSON objects.

    images, tool_calls: None where the request has none, which Go tells from an empty list. texts: the other
    members of a message, all texts, by their keys.
    """

    role: str
    content: str = ""
    images: tuple[bytes, ...] | None = None
    tool_calls: tuple[Mapping[str, Any], ...] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def tool_name(self) -> str:
        """Whose result it is."""
        return self.texts.get("tool_name", "")

    @property
    def tool_call_id(self) -> str:
        """Which call's result it is."""
        return self.texts.get("tool_call_id", "")

    @property
    def image_count(self) -> int:
        """How many images it carries."""
        return len(self.images or ())

    def with_content(self, content: str) -> ChatMessage:
        """The same message with other text."""
        return replace(self, content=content)


def decode_message(message: Mapping[str, Any], where: str = "message") -> ChatMessage:
    """One message as the server's decoder reads it; raises PromptError (400) where it refuses."""
    row = members(Shape.MESSAGE)
    data = _object(message, where, [m.key for m in row])
    texts = {m.key: _text(data, m.key, where) for m in row if m.kind is Kind.TEXT}
    return ChatMessage(
        role=texts.pop("role").lower(),
        content=texts.pop("content"),
        images=_images(data.get("images"), where),
        tool_calls=_tool_calls(data.get("tool_calls"), f"{where}.tool_calls"),
        texts=texts,
    )


def decode_messages(messages: Sequence[Mapping[str, Any]]) -> list[ChatMessage]:
    """All messages of a request."""
    return with_deep_stack(lambda: [decode_message(m, f"messages[{i}]") for i, m in enumerate(messages)])


def _tool_calls(calls: Any, where: str) -> tuple[Mapping[str, Any], ...] | None:
    if calls is None:
        return None
    return tuple(_decoded(Shape.CALL, c, f"{where}[{i}]") for i, c in enumerate(_list(calls, where)))


def _decoded(shape: Shape, value: Any, where: str) -> dict[str, Any]:
    """A tool call, or its function: the values by their Go fields."""
    row = members(shape)
    data = _object(value, where, [m.key for m in row])
    decoded = {m.field: _call_member(m, data.get(m.key), f"{where}.{m.key}") for m in row}
    # JSON of the arguments tells null from nothing (`renderers.request`); no TEMPLATE does.
    return {**decoded, NULL_ARGUMENTS: data.get("arguments", {}) is None}


def _call_member(member: Member, value: Any, where: str) -> Any:
    if member.kind is Kind.CALLED:
        return _decoded(Shape.CALLED, value, where)
    if member.kind is Kind.ARGUMENTS:
        if value is not None and not isinstance(value, Mapping):
            _refuse(where, value, "an object")
        return None if value is None else json_value(value)
    return _integer(value, where) if member.kind is Kind.INTEGER else _string(value, where)


def message_value(types: Types, message: ChatMessage) -> Pointer:
    """A message as a TEMPLATE sees it."""
    known = types.message.by_name
    calls = images = None
    if message.tool_calls or (message.tool_calls is not None and not types.converted):
        calls = [_call_value(types, c) for c in message.tool_calls]
    if message.images is not None:
        images = [Slice(IMAGE, list(i)) for i in message.images]
    fields: dict[str, Any] = {
        m.field: message.texts.get(m.key, "") for m in members(Shape.MESSAGE) if m.kind is Kind.TEXT
    }
    fields |= {
        "Role": message.role,
        "Content": message.content,
        "Images": Slice(known["Images"].type, images),
        "ToolCalls": Slice(known["ToolCalls"].type, calls),
    }
    return Pointer(Struct(types.message, {k: v for k, v in fields.items() if k in known}))


def _call_value(types: Types, call: Mapping[str, Any]) -> Struct:
    called = {**call["Function"], "Arguments": Map(types.arguments, call["Function"]["Arguments"])}
    function = {k: v for k, v in called.items() if k in types.call_function.by_name}
    fields = {k: v for k, v in call.items() if k in types.call.by_name}
    return Struct(types.call, {**fields, "Function": Struct(types.call_function, function)})


def tools_value(types: Types, tools: Sequence[Mapping[str, Any]] | None) -> Slice:
    """`.Tools` of a request; None is a nil slice, which prints as null."""
    if tools is None:
        return Slice(types.tools, None)
    decoder = _ToolDecoder(types)
    decoded = with_deep_stack(lambda: [decoder.tool(t, f"tools[{i}]") for i, t in enumerate(tools)])
    return Slice(types.tools, decoded)


def require_tools(tools: Sequence[Mapping[str, Any]] | None, target: Target) -> list[str]:
    """The names of a request's tools, "" for one without; PromptError for tools that the server refuses."""
    offered = tools_value(types_for(target), tools).items or []
    return [str(tool.fields["Function"].fields["Name"]) for tool in offered]


class _ToolDecoder:
    """Reads tools into the types of one release."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.readers: Mapping[Kind, Callable[[Any, str], Any]] = {
            Kind.TEXT: _string,
            Kind.TEXTS: _strings,
            Kind.JSON: lambda value, _: json_value(value),
            Kind.FUNCTION: self.function,
            Kind.PARAMETERS: self.parameters,
            Kind.PROPERTIES: self.top_properties,
            Kind.INNER_PROPERTIES: self.nested,
            Kind.PROPERTY_LIST: self.any_of,
            Kind.TYPE: self.property_type,
            Kind.VALUES: self.enum,
        }

    def _read(self, shape: Shape, into: GoType, value: Any, where: str) -> tuple[Struct, set[str]]:
        """An object of a tool, and the fields that the request names."""
        row = [m for m in members(shape) if m.field in into.by_name]
        data = _object(value, where, [m.key for m in row])
        fields = {m.field: self.readers[m.kind](data.get(m.key), f"{where}.{m.key}") for m in row}
        return Struct(into, fields), {m.field for m in row if m.key in data}

    def tool(self, tool: Any, where: str) -> Struct:
        return self._read(Shape.TOOL, self.types.tool, tool, where)[0]

    def function(self, function: Any, where: str) -> Struct:
        return self._read(Shape.FUNCTION, self.types.function, function, where)[0]

    def parameters(self, parameters: Any, where: str) -> Struct:
        return self._read(Shape.PARAMETERS, self.types.parameters, parameters, where)[0]

    def property(self, prop: Any, where: str) -> Struct:
        struct, named = self._read(Shape.PROPERTY, self.types.prop, prop, where)
        # A type of null is a list with one empty text, and none where the key is missing.
        return Struct(self.types.prop, {k: v for k, v in struct.fields.items() if k in named})

    def top_properties(self, properties: Any, where: str) -> Map:
        return Map(self.types.properties, self.properties(properties, where))

    def properties(self, properties: Any, where: str) -> dict[str, Struct] | None:
        if properties is None:
            return None
        if not isinstance(properties, Mapping):
            _refuse(where, properties, "an object")
        return {clean(str(name)): self.property(p, f"{where}.{name}") for name, p in properties.items()}

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
    """Images: bytes, base64 text, or a plain count where no image is needed (0 is none at all)."""
    if value is None or value == 0:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return tuple(f"image {i}".encode() for i in range(value))
    return tuple(_image(v, f"{where}.images[{i}]") for i, v in enumerate(_list(value, f"{where}.images")))


def _image(value: Any, where: str) -> bytes:
    """An image's bytes. A text that is no base64 stands for itself: clients read a path's file."""
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
