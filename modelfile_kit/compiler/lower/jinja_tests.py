"""Jinja's tests (`x is …`): the request's shape is known, so most are answered at compile time."""

from __future__ import annotations

from ..ir import nodes as go
from ..ir.nodes import Test
from ..values.callables import Builtin, LoopVariable, Macro
from ..values.known import NONE, Const, Undef
from ..values.number import is_int
from ..values.request import Data, RuntimeValue
from ..values.text import Markup, is_text
from ..values.truth import Bool, bool_of, is_bool, test_of
from ..values.value import Value
from .arithmetic import binary
from .compare import compare
from .control_flow import Unsupported
from .json_types import LIST, MAP, is_kind, is_type, is_whole
from .semantics import is_mapping, is_sequence
from .state import State


def defined(st: State, v: Value) -> Test:
    return go.Truth(not isinstance(v, Undef))


def undefined(st: State, v: Value) -> Test:
    return go.Truth(isinstance(v, Undef))


def none(st: State, v: Value) -> Test:
    return is_type(v, "<nil>") or go.Truth(v == NONE)


def string(st: State, v: Value) -> Test:
    return is_type(v, "string") or go.Truth(is_text(v) or isinstance(v, Markup))


def mapping(st: State, v: Value) -> Test:
    return is_type(v, MAP) or go.Truth(is_mapping(st, v))


def sequence(st: State, v: Value) -> Test:
    return is_type(v, "string", MAP, LIST) or go.Truth(is_sequence(st, v))


def number(st: State, v: Value) -> Test:
    known = isinstance(v, Const) and isinstance(v.value, (int, float))
    return is_type(v, "float64", "bool") or go.Truth(known or is_int(v) or is_bool(v))


def integer(st: State, v: Value) -> Test:
    if isinstance(v, RuntimeValue) and v.data is Data.JSON:
        return is_whole(v.expr)
    return go.Truth(is_int(v))


def float_(st: State, v: Value) -> Test:
    if isinstance(v, RuntimeValue) and v.data is Data.JSON:
        return go.both(is_kind(v.expr, "float64"), go.negate(is_whole(v.expr)))
    return go.Truth(isinstance(v, Const) and isinstance(v.value, float))


def boolean(st: State, v: Value) -> Test:
    return is_type(v, "bool") or go.Truth(is_bool(v))


def true(st: State, v: Value) -> Test:
    found = is_type(v, "bool")
    if found and isinstance(v, RuntimeValue):
        return go.both(found, go.Atom(v.expr))
    return test_of(v) or go.FALSE


def false(st: State, v: Value) -> Test:
    found = is_type(v, "bool")
    if found and isinstance(v, RuntimeValue):
        return go.both(found, go.negate(go.Atom(v.expr)))
    test = test_of(v)
    return go.negate(test) if test is not None else go.FALSE


def same_as(st: State, v: Value, other: Value) -> Test:
    """`v is other` of Python: for true, false and none a test of type and value."""
    return st.truth(st.lift2(v, other, lambda x, y: bool_of(_identical(st, x, y))))


def _identical(st: State, v: Value, other: Value) -> Test:
    if isinstance(v, (Const, Bool)) and not isinstance(other, (Const, Bool)):
        v, other = other, v
    if other == NONE:
        return none(st, v)
    wanted = test_of(other)
    if wanted is None:
        # equal texts or numbers may be one object in Python, or two
        raise Unsupported("the test sameas for anything but true, false and none", st.line)
    return go.either(go.both(wanted, true(st, v)), go.both(go.negate(wanted), false(st, v)))


def callable_(st: State, v: Value) -> Test:
    """What is undefined can be called too, and fails then."""
    return go.Truth(isinstance(v, (Macro, Builtin, LoopVariable, Undef)))


def equal_to(st: State, v: Value, other: Value) -> Test:
    return _compare(st, "eq", v, other)


def not_equal(st: State, v: Value, other: Value) -> Test:
    return _compare(st, "ne", v, other)


def in_(st: State, v: Value, other: Value) -> Test:
    return _compare(st, "in", v, other)


def greater(st: State, v: Value, other: Value) -> Test:
    return _compare(st, "gt", v, other)


def less(st: State, v: Value, other: Value) -> Test:
    return _compare(st, "lt", v, other)


def at_least(st: State, v: Value, other: Value) -> Test:
    return _compare(st, "gteq", v, other)


def at_most(st: State, v: Value, other: Value) -> Test:
    return _compare(st, "lteq", v, other)


def odd(st: State, v: Value) -> Test:
    return go.negate(even(st, v))


def even(st: State, v: Value) -> Test:
    return _compare(st, "eq", binary(st, "%", v, Const(2)), Const(0))


def divisible_by(st: State, v: Value, number: Value) -> Test:
    return _compare(st, "eq", st.lift2(v, number, lambda x, y: binary(st, "%", x, y)), Const(0))


def _compare(st: State, op: str, a: Value, b: Value) -> Test:
    return st.truth(st.lift2(a, b, lambda x, y: compare(st, op, x, y)))
