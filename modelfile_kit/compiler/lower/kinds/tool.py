"""A tool as Ollama keeps it, seen as the JSON schema that the request held."""

from __future__ import annotations

from jinja2 import nodes

from ....ollama.request_shape import Kind, Shape, member_of, members
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


@as_dict.of(Data.PROPERTY)
def property_as_dict(st: State, v: RuntimeValue) -> KnownDict:
    """With the keys that Ollama keeps."""
    entries = []
    for member in members(Shape.PROPERTY):
        value = _property_member(st, v.expr, member.key)
        if isinstance(value, Cond):
            entries.append(DictEntry(member.key, value.then, value.test))
    return KnownDict(tuple(entries))


_LISTS = {
    Kind.VALUES: Data.JSON_LIST,
    Kind.TEXTS: Data.TEXTS,
    Kind.PROPERTY_LIST: Data.PROPERTY_LIST,
    Kind.JSON: Data.JSON,
    Kind.INNER_PROPERTIES: Data.PROPERTY_MAP,
}


def _property_member(st: State, e: Expr, name: str) -> Value:
    """A key of a property's schema: those that Ollama keeps."""
    member = member_of(Shape.PROPERTY, name)
    if member is None or not member.on(st.target):
        return Undef(name)  # this Ollama drops the key
    field = Field(e, member.field)
    if member.kind in _LISTS:
        value: Value = RuntimeValue(_LISTS[member.kind], field)
    elif member.kind is Kind.TYPE and st.target.has("rich_properties"):
        one = go_text(go.call("index", field, go.Lit(0)), True)
        value = choose(go.equal(go.call("len", field), go.Lit(1)), one, RuntimeValue(Data.TEXTS, field))
    else:
        value = go_text(field, True)
    return choose(go.Atom(field), value, Undef(name))


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
