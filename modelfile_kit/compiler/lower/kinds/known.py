"""What is known when the template is compiled, and undefined."""

from __future__ import annotations

import json
from types import NoneType

from jinja2 import nodes

from ...ir import nodes as go
from ...ir.nodes import Expr, Test
from ...ir.operations import JsonStyle
from ...values.known import EMPTY, Const, KnownList, Undef
from ...values.lists import SelectionStep
from ...values.number import Int
from ...values.text import Part
from ...values.truth import Bool
from ...values.value import Value
from ..control_flow import Raised, Unsupported
from ..ranges import otherwise
from ..semantics import (
    as_list,
    call_value,
    contains,
    equals,
    is_sequence,
    item,
    iterate,
    join,
    length,
    select,
    slice_of,
    to_go,
    to_json,
    to_repr,
    to_str,
    truth,
)
from ..state import State


@truth.of(Const)
def truth_of_known(st: State, v: Const) -> Test:
    return go.Truth(bool(v.value))


@to_go.of(Const)
def known_to_go(st: State, v: Const) -> Expr:
    if isinstance(v.value, (str, int)):
        return go.Lit(v.value)
    raise Unsupported(f"the value {v.value!r} in a variable", st.line)


@to_str.of(Const)
def known_to_str(st: State, v: Const) -> Value:
    return Const(str(v.value))


@to_repr.of(Const)
def known_to_repr(st: State, v: Const) -> tuple[Part, ...]:
    return (repr(v.value),)


@to_json.of(Const)
def known_to_json(st: State, v: Const, style: JsonStyle, sort: bool) -> tuple[Part, ...]:
    return (json.dumps(v.value, ensure_ascii=False),)


@item.of(int, float, bool, NoneType, Int, Bool)
def no_item(st: State, v: Value, key: Value) -> Value:
    return Undef(str(key.value) if isinstance(key, Const) else "")


@length.of(int, bool, NoneType, Int, Bool)
def no_length(st: State, v: Value) -> Value:
    raise Raised("object has no len()")


@slice_of.of(NoneType, int, float, bool, Int, Bool)
def no_slice(st: State, v: Value, start: Value, stop: Value, step: Value) -> Value:
    raise Raised("this value cannot be sliced")


@select.of(NoneType, Undef)
def nothing_to_select(st: State, v: Value, step: SelectionStep) -> Value:
    return KnownList(())


@join.of(NoneType)
def join_none(st: State, v: Const, sep: Value) -> Value:
    raise Raised("'NoneType' object is not iterable")


@truth.of(Undef)
def truth_of_undefined(st: State, v: Undef) -> Test:
    return go.FALSE


@is_sequence.of(Undef)
def undefined_is_sequence(st: State, v: Undef) -> bool:
    return True


@length.of(Undef)
def length_of_undefined(st: State, v: Undef) -> Value:
    return Const(0)


@to_str.of(Undef)
def undefined_to_str(st: State, v: Undef) -> Value:
    return EMPTY


@to_json.of(Undef)
def undefined_to_json(st: State, v: Undef, style: JsonStyle, sort: bool) -> tuple[Part, ...]:
    raise Raised("Object of type Undefined is not JSON serializable")


@item.of(Undef)
def item_of_undefined(st: State, v: Undef, key: Value) -> Value:
    raise Raised(f"{v.name or 'value'} is undefined")


@slice_of.of(Undef)
def slice_of_undefined(st: State, v: Undef, start: Value, stop: Value, step: Value) -> Value:
    raise Raised("value is undefined")


@contains.of(Undef)
def undefined_contains(st: State, v: Undef, needle: Value) -> Test:
    return go.FALSE


@iterate.of(Undef)
def iterate_undefined(st: State, v: Undef, node: nodes.For) -> None:
    otherwise(st, node)


@as_list.of(Undef)
def undefined_as_list(st: State, v: Undef) -> Value:
    return KnownList(())


@join.of(Undef)
def join_undefined(st: State, v: Undef, sep: Value) -> Value:
    return EMPTY


@call_value.of(Undef)
def call_undefined(st: State, v: Undef, args: list[Value], kwargs: dict[str, Value]) -> Value:
    raise Raised(f"{v.name!r} is undefined")


@equals.of(Undef)
def undefined_equals(st: State, v: Undef, other: Value) -> Test:
    return go.FALSE  # two of them are met before
