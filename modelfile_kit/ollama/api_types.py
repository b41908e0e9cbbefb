"""The Go types that a TEMPLATE sees, per Ollama release (api/types.go, template/template.go).

Since 0.14 messages, calls and tools are turned into types of the template package, whose maps and
String() methods are what a TEMPLATE prints; before, the API's own types were handed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    map_of,
    pointer_to,
    seq2_of,
    slice_of,
)
from ..gotemplate.values.gotypes import Kind as GoKind
from ..gotemplate.values.representation import Iterator, Map, Pointer, Struct, elements, is_nil, plain, typed
from .request_shape import SHAPES, Kind, Member, Shape
from .versions import Target

STRINGS = slice_of(STRING)
IMAGE = GoType("api.ImageData", GoKind.SLICE, elem=UINT8)


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
    return _types(_Release(Target(target.version)))


@dataclass(frozen=True)
class _Release:
    """What the types depend on; releases that agree in it share their types.

    fields: the members that each object has, in Go's order, with their JSON tags. The rest are rows of
    `versions.SINCE`; tool_string: whether `{{ . }}` of a tool prints JSON.
    """

    fields: tuple[tuple[Shape, tuple[tuple[Member, str], ...]], ...]
    rich_properties: bool
    typescript: bool
    renderer: bool
    template_types: bool
    tool_string: bool

    def __init__(self, target: Target) -> None:
        shapes = {
            shape: tuple((m, _tag(m, target)) for m in row if m.on(target)) for shape, row in SHAPES.items()
        }
        values = {
            "fields": tuple(shapes.items()),
            "rich_properties": target.has("rich_properties"),
            "typescript": target.has("typescript"),
            "renderer": target.has("renderer"),
            "template_types": target.has("template_types"),
            "tool_string": target.has("tool_string") or not target.has("template_types"),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def fields_of(self, shape: Shape, types: Mapping[Kind, GoType], *, tagged: bool = True) -> list[Field]:
        """The fields of an object's Go struct; types: of the kinds of its members."""
        row = dict(self.fields)[shape]
        return [Field(m.field, {**_SIMPLE, **types}[m.kind], tag if tagged else "") for m, tag in row]


_SIMPLE = {Kind.TEXT: STRING, Kind.TEXTS: STRINGS, Kind.INTEGER: INT, Kind.JSON: ANY}


def _tag(member: Member, target: Target) -> str:
    return f"{member.key},omitempty" if member.omitted_on(target) else member.key


@cache
def _types(release: _Release) -> Types:
    converted = release.template_types
    prop, nested = _property(release)
    properties = _printed_map("template.templateProperties", prop) if converted else map_of(STRING, prop)
    parameters = _parameters(release, properties)
    function = _function(release, parameters)
    prefix = "template.templateTool" if converted else "api.Tool"
    methods = {"String": _STRING_JSON} if release.tool_string else {}
    tool = _struct(prefix, release.fields_of(Shape.TOOL, {Kind.FUNCTION: function}), methods)
    tools = GoType(f"{prefix}s", GoKind.SLICE, elem=tool, methods={"String": _STRING_JSON})
    arguments, call_function, call = _call(release)
    return Types(
        message=_message(release, call),
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
        converted=converted,
    )


def _message(release: _Release, call: GoType) -> GoType:
    types = {Kind.IMAGES: slice_of(IMAGE), Kind.CALLS: slice_of(call)}
    converted = release.template_types
    fields = release.fields_of(Shape.MESSAGE, types, tagged=not converted)
    return _struct("template.templateMessage" if converted else "api.Message", fields)


def _call(release: _Release) -> tuple[GoType, GoType, GoType]:
    """Arguments, the called function, and the call."""
    converted = release.template_types
    if converted:
        arguments = _printed_map("template.templateArgs", ANY)
    else:
        arguments = GoType(
            "api.ToolCallFunctionArguments",
            GoKind.MAP,
            key=STRING,
            elem=ANY,
            pointer_methods={"String": _STRING_JSON},
        )
    prefix = "template.templateToolCall" if converted else "api.ToolCall"
    fields = release.fields_of(Shape.CALLED, {Kind.ARGUMENTS: arguments}, tagged=not converted)
    function = _struct(f"{prefix}Function", fields)
    fields = release.fields_of(Shape.CALL, {Kind.CALLED: function}, tagged=not converted)
    return arguments, function, _struct(prefix, fields)


def _parameters(release: _Release, properties: GoType) -> GoType:
    fields = release.fields_of(Shape.PARAMETERS, {Kind.PROPERTIES: properties})
    if release.template_types:
        return _struct("template.templateToolFunctionParameters", fields)
    if release.renderer:
        return _struct("api.ToolFunctionParameters", fields, pointer_methods={"String": _STRING_JSON})
    return _anonymous(fields)


def _function(release: _Release, parameters: GoType) -> GoType:
    fields = release.fields_of(Shape.FUNCTION, {Kind.PARAMETERS: parameters})
    if release.template_types:
        return _struct("template.templateToolFunction", fields)
    return _struct("api.ToolFunction", fields, pointer_methods={"String": _STRING_JSON})


def _property(release: _Release) -> tuple[GoType, GoType | None]:
    """A property of a tool's parameters, and the type of a property's own properties."""
    rich = release.rich_properties
    types = {Kind.TYPE: PROPERTY_TYPE if rich else STRING, Kind.VALUES: ANY_SLICE if rich else STRINGS}
    if not release.typescript:
        return _anonymous(release.fields_of(Shape.PROPERTY, types)), None
    prop = GoType("api.ToolProperty", GoKind.STRUCT, methods={"ToTypeScriptType": _TO_TYPESCRIPT})
    nested = _ordered_properties(prop) if release.template_types else None
    types[Kind.PROPERTY_LIST] = slice_of(prop)
    if nested is not None:
        types[Kind.INNER_PROPERTIES] = pointer_to(nested)
    return prop.complete(*release.fields_of(Shape.PROPERTY, types)), nested


def _ordered_properties(prop: GoType) -> GoType:
    """api.ToolPropertiesMap: an ordered map, held by a pointer that no template can follow."""
    hidden = GoType("orderedmap.Map[string,github.com/ollama/ollama/api.ToolProperty]", GoKind.STRUCT)
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
        GoKind.STRUCT,
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
    return "{" + ",".join(f"{ordered_key(k)}:{gojson.marshal(v)}" for k, v in items.items()) + "}"


_EASYJSON = {"\\b": "\\u0008", "\\f": "\\u000c"}


def ordered_key(key: str) -> str:
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
        name, GoKind.MAP, key=STRING, elem=elem, methods={"String": Function(_map_string, (), STRING)}
    )


def _struct(
    name: str,
    fields: list[Field],
    methods: dict[str, Function] | None = None,
    pointer_methods: dict[str, Function] | None = None,
) -> GoType:
    return GoType(
        name,
        GoKind.STRUCT,
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
    GoKind.SLICE,
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
