"""A tool call of the request as Hugging Face's dictionary."""

from __future__ import annotations

from ....ollama.request_shape import Kind, Shape, member_of
from ...ir import nodes as go
from ...ir.nodes import Field
from ...values.known import Const, DictEntry, KnownDict, Undef
from ...values.request import Data, RuntimeValue
from ...values.text import go_text
from ...values.value import Value
from ..semantics import as_dict, item
from ..state import State
from ..structs import present_if, struct_item


@item.of(Data.CALL)
def item_of_call(st: State, v: RuntimeValue, key: Value) -> Value:
    return struct_item(st, v, key, _call_member)


@item.of(Data.CALL_FUNCTION)
def item_of_called(st: State, v: RuntimeValue, key: Value) -> Value:
    return struct_item(st, v, key, _function_member)


def _call_member(st: State, c: go.Expr, name: str) -> Value:
    """A key of a tool call."""
    return Const("function") if name == "type" else _member(st, Shape.CALL, c, name)


def _function_member(st: State, f: go.Expr, name: str) -> Value:
    """A key of a tool call's function."""
    return _member(st, Shape.CALLED, f, name)


_DATA = {Kind.CALLED: Data.CALL_FUNCTION, Kind.ARGUMENTS: Data.ARGUMENTS}


def _member(st: State, shape: Shape, e: go.Expr, name: str) -> Value:
    member = member_of(shape, name)
    if member is None or not member.on(st.target):
        return Undef(name)
    field = Field(e, member.field)
    if member.kind in _DATA:
        return RuntimeValue(_DATA[member.kind], field)
    return go_text(field, True) if member.required else present_if(field, go_text(field, True), name)


@as_dict.of(Data.CALL)
def call_as_dict(st: State, v: RuntimeValue) -> KnownDict:
    return KnownDict(
        (
            DictEntry("id", go_text(Field(v.expr, "ID"), True)),
            DictEntry("type", Const("function")),
            DictEntry("function", RuntimeValue(Data.CALL_FUNCTION, Field(v.expr, "Function"))),
        )
    )


@as_dict.of(Data.CALL_FUNCTION)
def called_as_dict(st: State, v: RuntimeValue) -> KnownDict:
    return KnownDict(
        (
            DictEntry("name", go_text(Field(v.expr, "Name"), True)),
            DictEntry("arguments", RuntimeValue(Data.ARGUMENTS, Field(v.expr, "Arguments"))),
        )
    )
