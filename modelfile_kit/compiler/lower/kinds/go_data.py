"""What holds for all data of Ollama's request."""

from __future__ import annotations

from jinja2 import nodes

from ...ir import nodes as go
from ...ir import operations as ops
from ...ir.nodes import Expr, Test
from ...ir.operations import JsonStyle
from ...values.known import Const, Undef
from ...values.request import MAPPINGS, Data, RuntimeValue
from ...values.text import Part, text_of
from ...values.truth import bool_of
from ...values.value import Value
from ..compare import is_equal
from ..control_flow import Unsupported
from ..python_repr import note_escapes
from ..semantics import (
    DICT_METHODS,
    as_dict,
    as_list,
    call_method,
    contains,
    equals,
    is_mapping,
    item,
    iterate,
    json_parts,
    methods_of,
    pairs,
    representation,
    to_go,
    to_json,
    to_repr,
    to_str,
    truth,
    unlike,
)
from ..state import State
from ..structs import note_order
from .known_dict import MAPPING_METHODS, get


@is_mapping.of(*MAPPINGS)
def data_is_mapping(st: State, v: RuntimeValue) -> bool:
    return True


@methods_of.of(*MAPPINGS)
def methods_of_mapping(st: State, v: RuntimeValue) -> frozenset[str]:
    return DICT_METHODS


@truth.of(RuntimeValue)
def truth_of_data(st: State, v: RuntimeValue) -> Test:
    return go.Atom(v.expr)


@truth.of(Data.MESSAGE, Data.CALL, Data.CALL_FUNCTION, Data.TOOL, Data.TOOL_FUNCTION, Data.PARAMETERS)
def truth_of_struct(st: State, v: RuntimeValue) -> Test:
    """A struct or pointer, whose truth in Go is not Python's; it is never empty."""
    return go.TRUE


@to_go.of(RuntimeValue)
def data_to_go(st: State, v: RuntimeValue) -> Expr:
    return v.expr


@to_str.of(RuntimeValue)
def data_to_str(st: State, v: RuntimeValue) -> Value:
    return text_of(*representation(st, v))


@to_repr.of(RuntimeValue)
def data_to_repr(st: State, v: RuntimeValue) -> tuple[Part, ...]:
    note_order(st, v.data)
    known = as_dict(st, v) if v.data is not Data.PROPERTY else None
    if known is not None:
        return representation(st, known)
    if v.data in REWRITTEN:
        st.require("range_int", "Python's repr()")
        note_escapes(st)
        return (ops.PythonRepr(v.expr),)
    raise Unsupported(f"printing {v.description} as Python's str() does", st.line)


# What Go's own JSON shows with nothing missing.
REWRITTEN = (
    Data.ARGUMENTS,
    Data.JSON,
    Data.PROPERTIES,
    Data.PROPERTY_MAP,
    Data.PROPERTY,
    Data.TEXTS,
    Data.JSON_LIST,
    Data.PROPERTY_LIST,
)


@to_json.of(RuntimeValue)
def data_to_json(st: State, v: RuntimeValue, style: JsonStyle, sort: bool) -> tuple[Part, ...]:
    known = as_dict(st, v) if v.data is not Data.PROPERTY else None
    if known is not None:
        note_order(st, Data.TOOLS)
        return json_parts(st, known, style, sort)
    if v.data in REWRITTEN:
        note_order(st, v.data)
        return (ops.ToJson(v.expr, style),)
    raise Unsupported(f"tojson of {v.description}", st.line)


@contains.of(RuntimeValue)
def data_contains(st: State, v: RuntimeValue, needle: Value) -> Test:
    raise Unsupported(f"`in` {v.description}", st.line)


@contains.of(Data.CALL, Data.CALL_FUNCTION, Data.TOOL, Data.TOOL_FUNCTION, Data.PARAMETERS, Data.PROPERTY)
def struct_contains(st: State, v: RuntimeValue, needle: Value) -> Test:
    if not isinstance(needle, Const):
        raise Unsupported(f"`in` {v.description}", st.line)
    return is_present(st, item(st, v, needle))


def is_present(st: State, v: Value) -> Test:
    """Whether a value is not undefined."""
    return st.truth(st.lift(v, lambda x: Const(not isinstance(x, Undef))))


@as_list.of(Data.JSON)
def json_as_list(st: State, v: RuntimeValue) -> Value:
    raise Unsupported(f"the filter list for {v.description}", st.line)


@iterate.of(RuntimeValue)
def iterate_data(st: State, v: RuntimeValue, node: nodes.For) -> None:
    """A mapping with fixed fields is its keys."""
    known = as_dict(st, v)
    if known is None:
        raise Unsupported(f"a loop over {v.description}", node.lineno)
    iterate(st, known, node)


@pairs.of(RuntimeValue)
def pairs_of_data(st: State, v: RuntimeValue, sort: bool = False) -> Value:
    known = as_dict(st, v)
    if known is None:
        raise Unsupported(f"the items of {v.description}", st.line)
    return pairs(st, known, sort)


@call_method.of(RuntimeValue)
def call_data_method(
    st: State, v: RuntimeValue, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    if name not in MAPPING_METHODS:
        raise Unsupported(f"the method {name} of {v.description}", st.line)
    if name == "keys" and v.data in (Data.ARGUMENTS, Data.PROPERTIES, Data.PROPERTY_MAP, Data.JSON):
        return v
    if name == "get":
        return get(st, v, args, kwargs)
    if name == "items":
        return pairs(st, v)
    known = as_dict(st, v)
    if known is None:
        raise Unsupported(f"the method {name} of {v.description}", st.line)
    return call_method(st, known, name, args, kwargs)


@equals.of(RuntimeValue)
def data_equals(st: State, v: RuntimeValue, other: Value) -> Test:
    if not isinstance(other, RuntimeValue):
        return unlike(st, v, other)
    if v == other:
        return go.TRUE
    if Data.JSON in (v.data, other.data):
        return go.equal(go.call("json", v.expr), go.call("json", other.expr))
    if v.data is not other.data:
        return go.FALSE
    if v.data is Data.MESSAGE:
        return _messages_equal(st, v, other)
    raise Unsupported(f"comparing {v.description} with {other.description}", st.line)


def _messages_equal(st: State, v: RuntimeValue, other: RuntimeValue) -> Test:
    """All that they hold is equal: thoughts, calls and ids too, which a TEMPLATE must not name for it.

    Images are the same to a chat template, which Go's are not.
    """
    same = go.equal(go.call("json", v.expr), go.call("json", other.expr))
    if not st.images:
        return same
    here, there = item(st, v, Const("content")), item(st, other, Const("content"))
    return go.both(st.truth(st.lift2(here, there, lambda a, b: bool_of(is_equal(st, a, b)))), same)
