"""A tool as Ollama keeps it, seen as the JSON schema that the request held."""

from __future__ import annotations

from jinja2 import nodes

from ...ir import nodes as go
from ...ir.nodes import Expr, Field, Test
from ...values.choice import Cond, choose
from ...values.known import DictEntry, KnownDict, Undef
from ...values.request import Data, Pairs, RuntimeValue
from ...values.text import go_text
from ...values.value import Value
from ..semantics import as_dict, contains, item, iterate, length, pairs, truth
from ..state import State
from ..structs import keys_of, struct_item


@as_dict.of(Data.TOOL)
def tool_as_dict(st: State, v: RuntimeValue) -> KnownDict:
    return KnownDict(
        (
            DictEntry("type", go_text(Field(v.expr, "Type"), True)),
            DictEntry("function", RuntimeValue(Data.TOOL_FUNCTION, Field(v.expr, "Function"))),
        )
    )


@as_dict.of(Data.TOOL_FUNCTION)
def tool_function_as_dict(st: State, v: RuntimeValue) -> KnownDict:
    description = Field(v.expr, "Description")
    return KnownDict(
        (
            DictEntry("name", go_text(Field(v.expr, "Name"), True)),
            DictEntry("description", go_text(description, True), go.Atom(description)),
            DictEntry("parameters", RuntimeValue(Data.PARAMETERS, Field(v.expr, "Parameters"))),
        )
    )


@as_dict.of(Data.PARAMETERS)
def parameters_as_dict(st: State, v: RuntimeValue) -> KnownDict:
    required = Field(v.expr, "Required")
    return KnownDict(
        (
            DictEntry("type", go_text(Field(v.expr, "Type"), True)),
            DictEntry("properties", RuntimeValue(Data.PROPERTIES, Field(v.expr, "Properties"))),
            DictEntry("required", RuntimeValue(Data.TEXTS, required), go.Atom(required)),
        )
    )


@item.of(Data.TOOL, Data.TOOL_FUNCTION, Data.PARAMETERS)
def item_of_tool(st: State, v: RuntimeValue, key: Value) -> Value:
    return struct_item(st, v, key, lambda st, _e, name: _entry_of(as_dict(st, v), name))


def _entry_of(known: KnownDict | None, name: str) -> Value:
    for entry in known.entries if known else ():
        if entry.key == name:
            return choose(entry.present, entry.value, Undef(name))
    return Undef(name)


@item.of(Data.PROPERTY)
def item_of_property(st: State, v: RuntimeValue, key: Value) -> Value:
    return struct_item(st, v, key, _property_member)


# The keys of a property's schema in the order in which Ollama keeps them.
PROPERTY_KEYS = ("type", "items", "description", "enum", "anyOf", "properties", "required")


@as_dict.of(Data.PROPERTY)
def property_as_dict(st: State, v: RuntimeValue) -> KnownDict:
    """With the keys that Ollama keeps."""
    entries = []
    for name in PROPERTY_KEYS:
        value = _property_member(st, v.expr, name)
        if isinstance(value, Cond):
            entries.append(DictEntry(name, value.then, value.test))
    return KnownDict(tuple(entries))


# Since when Ollama keeps these keys of a property's schema.
NEEDS = {
    "items": "rich_properties",
    "anyOf": "typescript",
    "required": "property_required",
    "properties": "property_required",
}


# The lists among them: the field of Go, and what it holds.
PROPERTY_LISTS = {
    "enum": ("Enum", Data.JSON_LIST),
    "required": ("Required", Data.TEXTS),
    "anyOf": ("AnyOf", Data.PROPERTY_LIST),
}


def _property_member(st: State, e: Expr, name: str) -> Value:
    """A key of a property's schema: those that Ollama keeps."""
    if name in NEEDS and not st.target.has(NEEDS[name]):
        return Undef(name)  # this Ollama drops the key
    if name == "type" and not st.target.has("rich_properties"):
        return choose(go.Atom(Field(e, "Type")), go_text(Field(e, "Type"), True), Undef(name))
    if name == "type":
        field = Field(e, "Type")
        one = go_text(go.call("index", field, go.Lit(0)), True)
        several = choose(go.equal(go.call("len", field), go.Lit(1)), one, RuntimeValue(Data.TEXTS, field))
        return choose(go.Atom(field), several, Undef(name))
    if name == "description":
        return choose(go.Atom(Field(e, "Description")), go_text(Field(e, "Description"), True), Undef(name))
    if name in PROPERTY_LISTS:
        field_name, data = PROPERTY_LISTS[name]
        field = Field(e, field_name)
        return choose(go.Atom(field), RuntimeValue(data, field), Undef(name))
    if name == "items":
        return choose(go.Atom(Field(e, "Items")), RuntimeValue(Data.JSON, Field(e, "Items")), Undef(name))
    if name == "properties":
        field = Field(e, "Properties")
        return choose(go.Atom(field), RuntimeValue(Data.PROPERTY_MAP, field), Undef(name))
    return Undef(name)


def _as_map(v: RuntimeValue) -> RuntimeValue:
    """Properties inside a property as Go's map; only their list of pairs keeps the request's order."""
    return RuntimeValue(Data.PROPERTIES, Field(v.expr, "ToMap"))


@truth.of(Data.PROPERTY_MAP)
def truth_of_inner(st: State, v: RuntimeValue) -> Test:
    return go.Atom(go.Field(v.expr, "Len"))


@length.of(Data.PROPERTY_MAP)
def length_of_inner(st: State, v: RuntimeValue) -> Value:
    return length(st, _as_map(v))


@item.of(Data.PROPERTY_MAP)
def item_of_inner(st: State, v: RuntimeValue, key: Value) -> Value:
    return item(st, _as_map(v), key)


@contains.of(Data.PROPERTY_MAP)
def inner_contains(st: State, v: RuntimeValue, needle: Value) -> Test:
    return contains(st, _as_map(v), needle)


@pairs.of(Data.PROPERTY_MAP)
def pairs_of_inner(st: State, v: RuntimeValue, sort: bool = False) -> Value:
    if sort:
        return pairs(st, _as_map(v), sort)
    return Pairs(Data.PROPERTY_MAP, Field(v.expr, "All"))


@iterate.of(Data.PROPERTY_MAP)
def iterate_inner(st: State, v: RuntimeValue, node: nodes.For) -> None:
    iterate(st, Pairs(Data.PROPERTY_MAP, Field(v.expr, "All")), keys_of(node))
