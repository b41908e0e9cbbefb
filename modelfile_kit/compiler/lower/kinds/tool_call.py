"""A tool call of the request as Hugging Face's dictionary."""

from __future__ import annotations

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
    if name == "function":
        return RuntimeValue(Data.CALL_FUNCTION, go.Field(c, "Function"))
    if name == "type":
        return Const("function")
    if name == "id" and st.target.has("tool_call_id"):
        return present_if(go.Field(c, "ID"), go_text(go.Field(c, "ID"), True), name)
    return Undef(name)


def _function_member(st: State, f: go.Expr, name: str) -> Value:
    """A key of a tool call's function."""
    if name == "name":
        return go_text(go.Field(f, "Name"), True)
    if name == "arguments":
        return RuntimeValue(Data.ARGUMENTS, go.Field(f, "Arguments"))
    return Undef(name)


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
