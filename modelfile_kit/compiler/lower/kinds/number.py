"""Whole numbers, and True and False, that only show at run time."""

from __future__ import annotations

from ...ir import nodes as go
from ...ir.nodes import Expr, Test
from ...ir.operations import JsonStyle
from ...values.choice import choose
from ...values.known import Const
from ...values.number import Int, is_int
from ...values.text import Choice, Part, Str, go_text
from ...values.truth import Bool, test_of
from ...values.value import Value
from ..integers import equal_ints, int_to_go
from ..semantics import equals, to_go, to_json, to_repr, to_str, truth, unlike
from ..state import State


@truth.of(Int)
def truth_of_int(st: State, v: Int) -> Test:
    if len(v.terms) == 1 and v.const == 0:
        return go.Atom(v.terms[0][0])
    return go.negate(st.facts.simplify(equal_ints(st, v, Const(0))))


@to_go.of(Int)
def number_to_go(st: State, v: Int) -> Expr:
    return int_to_go(st, v)


@to_str.of(Int)
def int_to_str(st: State, v: Int) -> Value:
    return go_text(go.call("print", st.to_go(v)), True)


@to_repr.of(Int)
def int_to_repr(st: State, v: Int) -> tuple[Part, ...]:
    return (go.call("print", st.to_go(v)),)


@to_json.of(Int)
def int_to_json(st: State, v: Int, style: JsonStyle, sort: bool) -> tuple[Part, ...]:
    return (go.call("print", st.to_go(v)),)


@equals.of(Int, int)
def int_equals(st: State, v: Value, other: Value) -> Test:
    return equal_ints(st, v, other) if is_int(other) else unlike(st, v, other)


@truth.of(Bool)
def truth_of_bool(st: State, v: Bool) -> Test:
    return v.test


@to_go.of(Bool)
def bool_to_go(st: State, v: Bool) -> Expr:
    return go.test_to_go(v.test)


@to_str.of(Bool)
def bool_to_str(st: State, v: Bool) -> Value:
    return choose(v.test, Const("True"), Const("False"))


@to_repr.of(Bool)
def bool_to_repr(st: State, v: Bool) -> tuple[Part, ...]:
    return (Choice(v.test, Str(("True",)), Str(("False",))),)


@to_json.of(Bool)
def bool_to_json(st: State, v: Bool, style: JsonStyle, sort: bool) -> tuple[Part, ...]:
    return (Choice(v.test, Str(("true",)), Str(("false",))),)


@equals.of(Bool, bool)
def bool_equals(st: State, v: Value, other: Value) -> Test:
    a, b = test_of(v), test_of(other)
    if a is None or b is None:
        return unlike(st, v, other)
    if isinstance(a, go.Truth):
        return b if a.value else go.negate(b)
    if isinstance(b, go.Truth):
        return a if b.value else go.negate(a)
    return go.Atom(go.call("eq", real_bool(a), real_bool(b)))


def real_bool(test: Test) -> go.Expr:
    """An expression that is true or false, not merely truthy."""
    if isinstance(test, go.Atom) and isinstance(test.expr, go.Call) and test.expr.fn in ("eq", "lt", "not"):
        return test.expr
    if isinstance(test, (go.All, go.Some)):
        name = "and" if isinstance(test, go.All) else "or"
        return go.Call(name, tuple(real_bool(t) for t in test.tests))
    if isinstance(test, go.Not):
        return go.call("not", go.test_to_go(test.test))
    return go.call("not", go.call("not", go.test_to_go(test)))
