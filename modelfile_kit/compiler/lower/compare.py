"""Comparisons and `in`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ..ir import nodes as go
from ..ir.nodes import Test
from ..values.known import Const, Undef
from ..values.number import is_int
from ..values.request import Data, RuntimeValue
from ..values.text import is_text
from ..values.truth import bool_of
from ..values.value import Value
from .control_flow import Raised
from .integers import less_than
from .semantics import contains, equals
from .state import State

_KNOWN: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "gt": operator.gt,
    "lteq": operator.le,
    "gteq": operator.ge,
}


_SIGN = {"lt": "<", "gt": ">", "lteq": "<=", "gteq": ">="}


def compare(st: State, op: str, a: Value, b: Value) -> Value:
    """`a op b` for values that are no choices."""
    if op == "in":
        return bool_of(st.facts.simplify(contains(st, b, a)))
    if op == "notin":
        return bool_of(st.facts.simplify(go.negate(contains(st, b, a))))
    if isinstance(a, Const) and isinstance(b, Const):
        try:
            return Const(bool(_KNOWN[op](a.value, b.value)))
        except TypeError as e:
            raise Raised(str(e)) from None
    if op in ("eq", "ne"):
        same = st.facts.simplify(is_equal(st, a, b))
        return bool_of(same if op == "eq" else go.negate(same))
    if is_int(a) and is_int(b):
        low, high = (a, b) if op in ("lt", "gteq") else (b, a)
        less = less_than(st, low, high)
        return bool_of(st.facts.simplify(less if op in ("lt", "gt") else go.negate(less)))
    if is_text(a) and is_text(b):
        # Go compares bytes, Python code points: for UTF-8 that is the same order
        low, high = (a, b) if op in ("lt", "gteq") else (b, a)
        before: Test = go.Atom(go.call("lt", st.to_go(low), st.to_go(high)))
        return bool_of(st.facts.simplify(before if op in ("lt", "gt") else go.negate(before)))
    raise Raised(f"'{_SIGN[op]}' not supported between these values")


def is_equal(st: State, a: Value, b: Value) -> Test:
    """Python's `a == b`."""
    if isinstance(b, Undef):
        return go.Truth(isinstance(a, Undef))
    if is_json(b) and not isinstance(a, (RuntimeValue, Undef)):
        a, b = b, a
    return equals(st, a, b)


def is_json(v: Value) -> bool:
    """Whether it is a JSON value, whose type only shows at run time."""
    return isinstance(v, RuntimeValue) and v.data is Data.JSON
