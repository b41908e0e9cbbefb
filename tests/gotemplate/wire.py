"""Data of the judge's `execute` operation as values of the engine.

An object {"$T": value} is a value of the Go type T (tests/oracle/program/values.go); other JSON is
what encoding/json makes of it, except that lists are made with room for their elements only.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from modelfile_kit.gotemplate.values import encoding_json as gojson
from modelfile_kit.gotemplate.values import gotypes as t
from modelfile_kit.gotemplate.values.gotypes import Field, Function, GoType, Kind
from modelfile_kit.gotemplate.values.representation import Iterator, Map, Pointer, Scalar, Slice, Struct, zero

STRINGS = t.slice_of(t.STRING)
INTS = t.slice_of(t.INT)
IMAGE = GoType("api.ImageData", Kind.SLICE, elem=t.UINT8)
_INNER = GoType("orderedmap.OrderedMap[string,interface {}]", Kind.STRUCT)
_ORDERED = GoType(
    "orderedmap.Map[string,interface {}]", Kind.STRUCT, fields=(Field("om", t.pointer_to(_INNER)),)
)


def _ordered(arguments: Any) -> dict[str, Any] | None:
    """What the unexported map of api.ToolCallFunctionArguments holds."""
    om = arguments.fields["om"] if arguments is not None else Pointer(None, t.pointer_to(_ORDERED))
    return None if om.target is None else om.target.fields["om"].target.items


def _arguments_json(arguments: Any) -> str:
    items = _ordered(arguments) or {}
    return "{" + ",".join(f"{gojson.encode_string(k)}:{gojson.marshal(v)}" for k, v in items.items()) + "}"


_SEQ = t.seq2_of(t.STRING, t.ANY)
ARGUMENTS = GoType(
    "api.ToolCallFunctionArguments",
    Kind.STRUCT,
    fields=(Field("om", t.pointer_to(_ORDERED)),),
    methods={"MarshalJSON": Function(_arguments_json, (), t.STRING)},
    pointer_methods={
        "String": Function(_arguments_json, (), t.STRING),
        "Len": Function(lambda a: len(_ordered(a) or {}), (), t.INT),
        "All": Function(lambda a: Iterator(_SEQ, lambda: iter((_ordered(a) or {}).items())), (), _SEQ),
        "ToMap": Function(lambda a: Map(t.ANY_MAP, _ordered(a)), (), t.ANY_MAP),
    },
)
CALL_FUNCTION = GoType(
    "api.ToolCallFunction",
    Kind.STRUCT,
    fields=(
        Field("Index", t.INT, "index"),
        Field("Name", t.STRING, "name"),
        Field("Arguments", ARGUMENTS, "arguments"),
    ),
)
CALL = GoType(
    "api.ToolCall",
    Kind.STRUCT,
    fields=(Field("ID", t.STRING, "id,omitempty"), Field("Function", CALL_FUNCTION, "function")),
)
MESSAGE = GoType(
    "api.Message",
    Kind.STRUCT,
    fields=(
        Field("Role", t.STRING, "role"),
        Field("Content", t.STRING, "content"),
        Field("Thinking", t.STRING, "thinking,omitempty"),
        Field("Images", t.slice_of(IMAGE), "images,omitempty"),
        Field("ToolCalls", t.slice_of(CALL), "tool_calls,omitempty"),
        Field("ToolName", t.STRING, "tool_name,omitempty"),
        Field("ToolCallID", t.STRING, "tool_call_id,omitempty"),
    ),
)
ERROR = GoType(
    "errors.errorString",
    Kind.STRUCT,
    fields=(Field("s", t.STRING),),
    pointer_methods={"Error": Function(lambda e: e.fields["s"], (), t.STRING)},
)


def _call(raw: dict[str, Any]) -> Struct:
    function = raw.get("function", {})
    arguments = function.get("arguments")
    fields: dict[str, Any] = {"Name": function.get("name", "")}
    if arguments is not None:
        inner = Pointer(Map(t.ANY_MAP, dict(sorted(arguments.items()))), t.pointer_to(_INNER))
        om = Pointer(Struct(_ORDERED, {"om": inner}))
        fields["Arguments"] = Struct(ARGUMENTS, {"om": om})
    return Struct(CALL, {"ID": raw.get("id", ""), "Function": Struct(CALL_FUNCTION, fields)})


def message(raw: dict[str, Any]) -> Struct:
    """An api.Message of Ollama 0.33."""
    fields: dict[str, Any] = {"Role": raw.get("role", "").lower(), "Content": raw.get("content", "")}
    if raw.get("tool_calls") is not None:
        fields["ToolCalls"] = _slice(CALL)([_call(c) for c in raw["tool_calls"]])
    if raw.get("images") is not None:
        images = [Slice(IMAGE, list(base64.b64decode(i))) for i in raw["images"]]
        fields["Images"] = _slice(IMAGE)(images)
    for key, name in (("thinking", "Thinking"), ("tool_name", "ToolName")):
        fields[name] = raw.get(key, "")
    return Struct(MESSAGE, fields)


def _slice(elem: GoType, least: int = 1) -> Callable[[Any], Any]:
    """A slice that encoding/json has filled: its room is doubled as it grows, from `least` elements."""

    def make(raw: Any) -> Slice:
        type_ = t.slice_of(elem)
        if raw is None:
            return zero(type_)
        room = least
        while room < len(raw):
            room *= 2
        return Slice(type_, list(raw), cap=room if raw else 0)

    return make


def _bytes(raw: str) -> Slice:
    """Decoded base64, in a buffer that also had room for the padding."""
    return Slice(t.BYTES, list(base64.b64decode(raw)), cap=len(raw) // 4 * 3)


def _map(key: GoType, elem: GoType) -> Callable[[Any], Any]:
    def make(raw: Any) -> Map:
        items = None if raw is None else {int(k) if key is t.INT else k: v for k, v in raw.items()}
        return Map(t.map_of(key, elem), items)

    return make


def _scalar(type_: GoType) -> Callable[[Any], Any]:
    number = float if type_.kind is Kind.FLOAT32 else int
    return lambda raw: Scalar(type_, number(raw))


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "strings": _slice(t.STRING),
    "ints": _slice(t.INT),
    "floats": _slice(t.FLOAT64),
    "bools": _slice(t.BOOL, 8),
    "matrix": lambda raw: _slice(INTS)([_slice(t.INT)(row) for row in raw]),
    "map[string]string": _map(t.STRING, t.STRING),
    "map[string]int": _map(t.STRING, t.INT),
    "map[string]bool": _map(t.STRING, t.BOOL),
    "map[int]string": _map(t.INT, t.STRING),
    "message": message,
    "*message": lambda raw: Pointer(message(raw)),
    "messages": lambda raw: _slice(MESSAGE)([message(m) for m in raw]),
    "*int": lambda raw: Pointer(int(raw)),
    "*string": lambda raw: Pointer(raw),
    "*map[string]string": lambda raw: Pointer(_map(t.STRING, t.STRING)(raw)),
    "int": int,
    "float64": float,
    "complex128": lambda raw: complex(raw.replace("i", "j")),
    "b64": lambda raw: base64.b64decode(raw).decode("utf-8", "surrogateescape"),
    "bytes": _bytes,
    "error": lambda raw: Pointer(Struct(ERROR, {"s": raw})),
    "nil": lambda raw: zero(_NILS[raw]),
    **{
        type_.name: _scalar(type_)
        for type_ in (
            *(t.INT8, t.INT16, t.INT32, t.INT64, t.UINT, t.UINT8, t.UINT16, t.UINT32, t.UINT64),
            t.FLOAT32,
        )
    },
}
_NILS: dict[str, Any] = {
    "map": t.ANY_MAP,
    "slice": t.ANY_SLICE,
    "strings": STRINGS,
    "*int": t.pointer_to(t.INT),
    "*message": t.pointer_to(MESSAGE),
    "bytes": t.BYTES,
}


def decode(value: Any) -> Any:
    """The engine's value for one of the judge's."""
    if isinstance(value, list):
        return Slice(t.ANY_SLICE, [decode(v) for v in value])
    if isinstance(value, dict):
        (name, inner), *more = value.items() if value else ((None, None),)
        if not more and name and len(name) > 1 and name[0] == "$":
            return _SPECIAL[name[1:]](inner)
        return {k: decode(v) for k, v in value.items()}
    return float(value) if type(value) is int else value
