"""The Go types that a TEMPLATE sees, per Ollama release (api/types.go, template/template.go).

Since 0.14 messages, calls and tools are turned into types of the template package, whose maps and
String() methods are what a TEMPLATE prints; before, the API's own types were handed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..gotemplate.values import encoding_json as gojson
from ..gotemplate.values.gotypes import (
    ANY,
    ANY_SLICE,
    INT,
    STRING,
    UINT8,
    Field,
    Function,
    GoFunctionError,
    GoType,
    Kind,
    map_of,
    pointer_to,
    seq2_of,
    slice_of,
)
from ..gotemplate.values.representation import Iterator, Map, Pointer, Struct, elements, is_nil, plain, typed
from .versions import Target

STRINGS = slice_of(STRING)
IMAGE = GoType("api.ImageData", Kind.SLICE, elem=UINT8)


@dataclass(frozen=True)
class Types:
    """The types of one release; converted: whether they are the template package's own.

    messages and tools are what `.Messages` and `.Tools` hold; properties is a map, except that the
    properties of a property are a pointer to an ordered map (`nested`) since 0.14.
    """

    message: GoType
    tool: GoType
    tools: GoType
    function: GoType
    parameters: GoType
    properties: GoType
    prop: GoType
    call: GoType
    call_function: GoType
    arguments: GoType
    nested: GoType | None
    converted: bool

    @property
    def messages(self) -> GoType:
        """[]*message"""
        return slice_of(pointer_to(self.message))


def types_for(target: Target) -> Types:
    """The types that a TEMPLATE of the target sees."""
    return _types(_Era(target.version))


@dataclass(frozen=True)
class _Era:
    """What the shapes depend on; releases that agree in it share their types."""

    rich: bool  # a property's type may be several, a schema may have items
    named: bool  # ToolProperty and anyOf
    named_parameters: bool
    short: bool  # empty texts are left out of JSON
    short_required: bool
    thinking: bool
    tool_name: bool
    call_id: bool
    converted: bool
    tool_string: bool
    property_required: bool

    def __init__(self, version: tuple[int, int, int]) -> None:
        target = Target(version)
        values = {
            "rich": target.has("rich_properties"),
            "named": target.has("typescript"),
            "named_parameters": target.has("renderer"),
            "short": target.has("short_tool_json"),
            "short_required": target.has("required_optional"),
            "thinking": target.has("thinking"),
            "tool_name": target.has("tool_messages"),
            "call_id": target.has("tool_call_id"),
            "converted": target.has("template_types"),
            "tool_string": target.has("tool_string") or not target.has("template_types"),
            "property_required": target.has("property_required"),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)


@cache
def _types(era: _Era) -> Types:
    prop, nested = _property(era)
    properties = map_of(STRING, prop)
    if era.converted:
        properties = _printed_map("template.templateProperties", prop)
    parameters = _parameters(era, properties)
    function = _function(era, parameters)
    tool_fields = [Field("Type", STRING, "type")]
    if era.rich:
        tool_fields.append(Field("Items", ANY, "items,omitempty"))
    prefix = "template.templateTool" if era.converted else "api.Tool"
    methods = {"String": _STRING_JSON} if era.tool_string else {}
    tool = _struct(prefix, [*tool_fields, Field("Function", function, "function")], methods)
    tools = GoType(f"{prefix}s", Kind.SLICE, elem=tool, methods={"String": _STRING_JSON})
    arguments, call_function, call = _call(era)
    return Types(
        message=_message(era, call),
        tool=tool,
        tools=tools,
        function=function,
        parameters=parameters,
        properties=properties,
        prop=prop,
        call=call,
        call_function=call_function,
        arguments=arguments,
        nested=nested,
        converted=era.converted,
    )


def _message(era: _Era, call: GoType) -> GoType:
    json = (lambda tag: "") if era.converted else (lambda tag: tag)
    fields = [Field("Role", STRING, json("role")), Field("Content", STRING, json("content"))]
    if era.thinking:
        fields.append(Field("Thinking", STRING, json("thinking,omitempty")))
    fields.append(Field("Images", slice_of(IMAGE), json("images,omitempty")))
    fields.append(Field("ToolCalls", slice_of(call), json("tool_calls,omitempty")))
    if era.tool_name:
        fields.append(Field("ToolName", STRING, json("tool_name,omitempty")))
    if era.call_id:
        fields.append(Field("ToolCallID", STRING, json("tool_call_id,omitempty")))
    return _struct("template.templateMessage" if era.converted else "api.Message", fields)


def _call(era: _Era) -> tuple[GoType, GoType, GoType]:
    """Arguments, the called function, and the call."""
    if era.converted:
        arguments = _printed_map("template.templateArgs", ANY)
        function = _struct(
            "template.templateToolCallFunction",
            [Field("Index", INT), Field("Name", STRING), Field("Arguments", arguments)],
        )
        return (
            arguments,
            function,
            _struct("template.templateToolCall", [Field("ID", STRING), Field("Function", function)]),
        )
    arguments = GoType(
        "api.ToolCallFunctionArguments",
        Kind.MAP,
        key=STRING,
        elem=ANY,
        pointer_methods={"String": _STRING_JSON},
    )
    function = _struct(
        "api.ToolCallFunction",
        [
            Field("Index", INT, "index" if era.short else "index,omitempty"),
            Field("Name", STRING, "name"),
            Field("Arguments", arguments, "arguments"),
        ],
    )
    ident = [Field("ID", STRING, "id,omitempty")] if era.call_id else []
    return arguments, function, _struct("api.ToolCall", [*ident, Field("Function", function, "function")])


def _parameters(era: _Era, properties: GoType) -> GoType:
    fields = [Field("Type", STRING, "type")]
    if era.rich:
        fields += [Field("Defs", ANY, "$defs,omitempty"), Field("Items", ANY, "items,omitempty")]
    required = "required,omitempty" if era.short_required else "required"
    fields += [Field("Required", STRINGS, required), Field("Properties", properties, "properties")]
    if era.converted:
        return _struct("template.templateToolFunctionParameters", fields)
    if era.named_parameters:
        return _struct("api.ToolFunctionParameters", fields, pointer_methods={"String": _STRING_JSON})
    return _anonymous(fields)


def _function(era: _Era, parameters: GoType) -> GoType:
    description = "description,omitempty" if era.short and not era.converted else "description"
    fields = [
        Field("Name", STRING, "name"),
        Field("Description", STRING, description),
        Field("Parameters", parameters, "parameters"),
    ]
    if era.converted:
        return _struct("template.templateToolFunction", fields)
    return _struct("api.ToolFunction", fields, pointer_methods={"String": _STRING_JSON})


def _property(era: _Era) -> tuple[GoType, GoType | None]:
    """A property of a tool's parameters, and the type of a property's own properties."""
    if not era.rich:
        fields = [
            Field("Type", STRING, "type"),
            Field("Description", STRING, "description"),
            Field("Enum", STRINGS, "enum,omitempty"),
        ]
        return _anonymous(fields), None
    omit = ",omitempty" if era.short else ""
    fields = [
        Field("Type", PROPERTY_TYPE, f"type{omit}"),
        Field("Items", ANY, "items,omitempty"),
        Field("Description", STRING, f"description{omit}"),
        Field("Enum", ANY_SLICE, "enum,omitempty"),
    ]
    if not era.named:
        return _anonymous(fields), None
    prop = GoType("api.ToolProperty", Kind.STRUCT, methods={"ToTypeScriptType": _TO_TYPESCRIPT})
    fields.insert(0, Field("AnyOf", slice_of(prop), "anyOf,omitempty"))
    nested = None
    if era.converted:
        nested = _ordered_properties(prop)
        fields.append(Field("Properties", pointer_to(nested), "properties,omitempty"))
    if era.property_required:
        fields.append(Field("Required", STRINGS, "required,omitempty"))
    return prop.complete(*fields), nested


def _ordered_properties(prop: GoType) -> GoType:
    """api.ToolPropertiesMap: an ordered map behind a pointer that no template can follow."""
    hidden = GoType("orderedmap.Map[string,github.com/ollama/ollama/api.ToolProperty]", Kind.STRUCT)
    plain_map, seq = map_of(STRING, prop), seq2_of(STRING, prop)
    methods = {"MarshalJSON": Function(_ordered_json, (), STRING)}
    pointer_methods = {
        "Len": Function(lambda m: len(ordered_items(m) or ()), (), INT),
        "All": Function(
            lambda m: Iterator(seq, lambda: iter([(k, typed(prop, v)) for k, v in _pairs(m)])), (), seq
        ),
        "ToMap": Function(lambda m: Map(plain_map, ordered_items(m)), (), plain_map),
    }
    return GoType(
        "api.ToolPropertiesMap",
        Kind.STRUCT,
        fields=(Field("om", pointer_to(hidden)),),
        methods=methods,
        pointer_methods=pointer_methods,
    )


def ordered_properties(nested: GoType, items: dict[str, Any]) -> Struct:
    """A value of api.ToolPropertiesMap that holds `items` in their order."""
    om = nested.fields[0].type
    return Struct(nested, {"om": Pointer(Map(map_of(STRING, ANY), items), om)})


def ordered_items(value: Any) -> dict[str, Any] | None:
    """What an api.ToolPropertiesMap (or a pointer to one) holds; None for a nil one."""
    if isinstance(value, Pointer):
        value = value.target
    hidden = value.fields["om"].target if value is not None else None
    return None if hidden is None else hidden.items


def _pairs(value: Any) -> Sequence[tuple[str, Any]]:
    return list((ordered_items(value) or {}).items())


def _ordered_json(value: Any) -> str:
    items = ordered_items(value)
    if items is None:
        return "null"
    return "{" + ",".join(f"{_ordered_key(k)}:{gojson.marshal(v)}" for k, v in items.items()) + "}"


_EASYJSON = {"\\b": "\\u0008", "\\f": "\\u000c"}


def _ordered_key(key: str) -> str:
    """A key as the ordered map's own encoder writes it: it has no short form for \\b and \\f."""
    text = gojson.encode_string(key)
    if "\b" in key or "\f" in key:
        parts = text.split("\\\\")
        for short, long in _EASYJSON.items():
            parts = [p.replace(short, long) for p in parts]
        text = "\\\\".join(parts)
    return text


def _string_json(value: Any) -> str:
    """String() of most types: their JSON, empty where there is none."""
    try:
        return gojson.marshal(value)
    except GoFunctionError:
        return ""


def _map_string(value: Any) -> str:
    return "{}" if is_nil(value) else _string_json(value)


_STRING_JSON = Function(_string_json, (), STRING)


def _printed_map(name: str, elem: GoType) -> GoType:
    """A named map[string]elem that prints as JSON, nil as {}."""
    return GoType(
        name, Kind.MAP, key=STRING, elem=elem, methods={"String": Function(_map_string, (), STRING)}
    )


def _struct(
    name: str,
    fields: list[Field],
    methods: dict[str, Function] | None = None,
    pointer_methods: dict[str, Function] | None = None,
) -> GoType:
    return GoType(
        name,
        Kind.STRUCT,
        fields=tuple(fields),
        methods=methods or {},
        pointer_methods=pointer_methods or {},
    )


def _anonymous(fields: list[Field]) -> GoType:
    """A struct type without a name; %T prints its fields and tags."""
    parts = "; ".join(f'{f.name} {f.type.name} "json:\\"{f.json}\\""' for f in fields)
    return _struct(f"struct {{ {parts} }}", fields)


def _type_string(value: Any) -> str:
    names = [plain(e) for e in elements(value)]
    return names[0] if len(names) == 1 else f"[{' '.join(names)}]" if names else ""


def _type_json(value: Any) -> str:
    names = elements(value)
    if len(names) == 1:
        return gojson.marshal(names[0])
    return "null" if is_nil(value) else gojson.marshal([plain(n) for n in names])


PROPERTY_TYPE = GoType(
    "api.PropertyType",
    Kind.SLICE,
    elem=STRING,
    methods={"String": Function(_type_string, (), STRING), "MarshalJSON": Function(_type_json, (), STRING)},
)

_TYPESCRIPT = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "array": "any[]",
    "object": "Record<string, any>",
    "null": "null",
}


def to_typescript(prop: Any) -> str:
    """ToolProperty.ToTypeScriptType."""
    if isinstance(prop, Pointer):
        prop = prop.target
    any_of = elements(prop.fields["AnyOf"])
    if any_of:
        return " | ".join(to_typescript(p) for p in any_of)
    names = [plain(n) for n in elements(prop.fields["Type"])]
    return " | ".join(_TYPESCRIPT.get(n, "any") for n in names) or "any"


_TO_TYPESCRIPT = Function(to_typescript, (), STRING)
