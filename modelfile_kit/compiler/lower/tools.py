"""Tools as Ollama keeps them, seen as the JSON schemas that the request held."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..ir.nodes import Expr, Field
from ..values import types
from ..values.types import Const, DictV, Entry, Obj, Undef, Value

if TYPE_CHECKING:
    from .evaluate import Evaluator


# Since when Ollama keeps these keys of a property's schema.
NEEDS = {
    "items": "rich_properties",
    "anyOf": "typescript",
    "required": "property_required",
    "properties": "property_required",
}


def note_order(ev: Evaluator, what: str) -> None:
    """What Go's maps and structs lose."""
    if what == "args":
        ev.note(
            "MK630",
            "Ollama keeps a call's arguments in a map: they are printed in alphabetical order",
            "exact where the request names them in that order; numbers such as 1.0 become 1",
        )
    else:
        ev.note(
            "MK631",
            "Ollama keeps of a tool's schema the keys it knows, and its properties in alphabetical order",
            "exact where the request writes type, description, enum, … in Ollama's order and no other keys",
        )


def dictionary_of(ev: Evaluator, v: Obj) -> DictV | None:
    """`as_dictionary`, and a property's schema with the keys that Ollama keeps."""
    if v.kind != "prop":
        return as_dictionary(ev, v)
    entries = []
    for name in ("type", "items", "description", "enum", "anyOf", "properties", "required"):
        value = property_member(ev, v.expr, name)
        if isinstance(value, types.Cond):
            entries.append(Entry(name, value.then, value.test))
    return DictV(tuple(entries))


def as_map(v: Value) -> Value:
    """Properties inside a property as Go's map; only their list of pairs keeps the request's order."""
    if isinstance(v, Obj) and v.kind == "propmap":
        return Obj("props", Field(v.expr, "ToMap"))
    return v


def as_dictionary(ev: Evaluator, v: Obj) -> DictV | None:
    """A tool or a part of it as a dictionary in the order that schemas are written in."""
    if v.kind == "tool":
        return tool(v.expr)
    if v.kind == "toolfn":
        return function(v.expr)
    if v.kind == "params":
        return parameters(v.expr)
    if v.kind == "call":
        return call_dictionary(v.expr)
    if v.kind == "fn":
        return function_call(v.expr)
    return None


def tool(e: Expr) -> DictV:
    return DictV(
        (
            Entry("type", types.string(Field(e, "Type"), True)),
            Entry("function", Obj("toolfn", Field(e, "Function"))),
        )
    )


def function(e: Expr) -> DictV:
    description = Field(e, "Description")
    return DictV(
        (
            Entry("name", types.string(Field(e, "Name"), True)),
            Entry("description", types.string(description, True), go.Atom(description)),
            Entry("parameters", Obj("params", Field(e, "Parameters"))),
        )
    )


def parameters(e: Expr) -> DictV:
    required = Field(e, "Required")
    return DictV(
        (
            Entry("type", types.string(Field(e, "Type"), True)),
            Entry("properties", Obj("props", Field(e, "Properties"))),
            Entry("required", Obj("strs", required), go.Atom(required)),
        )
    )


def call_dictionary(e: Expr) -> DictV:
    return DictV(
        (
            Entry("id", types.string(Field(e, "ID"), True)),
            Entry("type", Const("function")),
            Entry("function", Obj("fn", Field(e, "Function"))),
        )
    )


def function_call(e: Expr) -> DictV:
    return DictV(
        (
            Entry("name", types.string(Field(e, "Name"), True)),
            Entry("arguments", Obj("args", Field(e, "Arguments"))),
        )
    )


def _from(make: Callable[[Expr], DictV]) -> Callable[[Evaluator, Expr, str], Value]:
    def member(ev: Evaluator, e: Expr, name: str) -> Value:
        for entry in make(e).entries:
            if entry.key == name:
                return types.choose(entry.present, entry.value, Undef(name))
        return Undef(name)

    return member


tool_member = _from(tool)
toolfn_member = _from(function)
params_member = _from(parameters)


def property_member(ev: Evaluator, e: Expr, name: str) -> Value:
    """A key of a property's schema: those that Ollama keeps."""
    lists = {"enum": "Enum", "required": "Required", "anyOf": "AnyOf"}
    if name in NEEDS and not ev.target.has(NEEDS[name]):
        return Undef(name)  # this Ollama drops the key
    if name == "type" and not ev.target.has("rich_properties"):
        return types.choose(go.Atom(Field(e, "Type")), types.string(Field(e, "Type"), True), Undef(name))
    if name == "type":
        field = Field(e, "Type")
        one = types.string(go.call("index", field, go.Lit(0)), True)
        several = types.choose(go.equal(go.call("len", field), go.Lit(1)), one, Obj("strs", field))
        return types.choose(go.Atom(field), several, Undef(name))
    if name == "description":
        return types.choose(
            go.Atom(Field(e, "Description")), types.string(Field(e, "Description"), True), Undef(name)
        )
    if name in lists:
        kind = {"enum": "list", "required": "strs", "anyOf": "proplist"}[name]
        field = Field(e, lists[name])
        return types.choose(go.Atom(field), Obj(kind, field), Undef(name))
    if name == "items":
        return types.choose(go.Atom(Field(e, "Items")), Obj("any", Field(e, "Items")), Undef(name))
    if name == "properties":
        field = Field(e, "Properties")
        return types.choose(go.Atom(field), Obj("propmap", field), Undef(name))
    return Undef(name)
