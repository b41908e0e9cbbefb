"""Jinja's tests (`x is …`): the request's shape is known, so most are answered at compile time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..ir.nodes import Test
from ..values import types
from ..values.types import Const, DictV, ListV, Obj, Parts, Split, Undef, Value
from .attributes import LISTS, MAPPINGS

if TYPE_CHECKING:
    from .evaluate import Evaluator

Rule = Callable[..., Test]
TESTS: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Registers a test under its names."""

    def register(f: Rule) -> Rule:
        for name in names:
            TESTS[name] = f
        return f

    return register


def _any(v: Value, *kinds: str) -> Test | None:
    """A JSON value's type is only known at run time."""
    from .values import is_kind

    if isinstance(v, Obj) and v.kind == "any":
        return go.either(*(is_kind(v.expr, k) for k in kinds))
    return None


_MAP, _LIST = "map[string]interface {}", "[]interface {}"


@rule("defined")
def defined(ev: Evaluator, v: Value) -> Test:
    return go.Truth(not isinstance(v, Undef))


@rule("undefined")
def undefined(ev: Evaluator, v: Value) -> Test:
    return go.Truth(isinstance(v, Undef))


@rule("none")
def none(ev: Evaluator, v: Value) -> Test:
    return _any(v, "<nil>") or go.Truth(v == types.NONE)


@rule("string")
def string(ev: Evaluator, v: Value) -> Test:
    return _any(v, "string") or go.Truth(types.is_text(v) or isinstance(v, types.Markup))


@rule("mapping")
def mapping(ev: Evaluator, v: Value) -> Test:
    return _any(v, _MAP) or go.Truth(isinstance(v, DictV) or (isinstance(v, Obj) and v.kind in MAPPINGS))


@rule("sequence")
def sequence(ev: Evaluator, v: Value) -> Test:
    return _any(v, "string", _MAP, _LIST) or go.Truth(
        types.is_text(v) or isinstance(v, (DictV, ListV, Parts, Split, Undef, types.Query, types.Built, Obj))
    )


@rule("iterable")
def iterable(ev: Evaluator, v: Value) -> Test:
    return sequence(ev, v)


@rule("number")
def number(ev: Evaluator, v: Value) -> Test:
    known = isinstance(v, Const) and isinstance(v.value, (int, float))
    return _any(v, "float64", "bool") or go.Truth(known or types.is_int(v) or types.is_bool(v))


@rule("integer")
def integer(ev: Evaluator, v: Value) -> Test:
    from .values import is_whole

    if isinstance(v, Obj) and v.kind == "any":
        return is_whole(ev, v.expr)
    return go.Truth(types.is_int(v))


@rule("float")
def float_(ev: Evaluator, v: Value) -> Test:
    from .values import is_kind, is_whole

    if isinstance(v, Obj) and v.kind == "any":
        return go.both(is_kind(v.expr, "float64"), go.negate(is_whole(ev, v.expr)))
    return go.Truth(isinstance(v, Const) and isinstance(v.value, float))


@rule("boolean")
def boolean(ev: Evaluator, v: Value) -> Test:
    return _any(v, "bool") or go.Truth(types.is_bool(v))


@rule("true")
def true(ev: Evaluator, v: Value) -> Test:
    found = _any(v, "bool")
    if found and isinstance(v, Obj):
        return go.both(found, go.Atom(v.expr))
    return types.test_of(v) or go.FALSE


@rule("false")
def false(ev: Evaluator, v: Value) -> Test:
    found = _any(v, "bool")
    if found and isinstance(v, Obj):
        return go.both(found, go.negate(go.Atom(v.expr)))
    test = types.test_of(v)
    return go.negate(test) if test is not None else go.FALSE


@rule("callable")
def callable_(ev: Evaluator, v: Value) -> Test:
    return go.Truth(isinstance(v, (types.MacroV, types.Func)))


@rule("equalto", "eq", "==")
def equal_to(ev: Evaluator, v: Value, other: Value) -> Test:
    return _compare(ev, "eq", v, other)


@rule("ne", "!=")
def not_equal(ev: Evaluator, v: Value, other: Value) -> Test:
    return _compare(ev, "ne", v, other)


@rule("in")
def in_(ev: Evaluator, v: Value, other: Value) -> Test:
    return _compare(ev, "in", v, other)


@rule("gt", "greaterthan", ">")
def greater(ev: Evaluator, v: Value, other: Value) -> Test:
    return _compare(ev, "gt", v, other)


@rule("lt", "lessthan", "<")
def less(ev: Evaluator, v: Value, other: Value) -> Test:
    return _compare(ev, "lt", v, other)


@rule("ge", ">=")
def at_least(ev: Evaluator, v: Value, other: Value) -> Test:
    return _compare(ev, "gteq", v, other)


@rule("le", "<=")
def at_most(ev: Evaluator, v: Value, other: Value) -> Test:
    return _compare(ev, "lteq", v, other)


@rule("odd")
def odd(ev: Evaluator, v: Value) -> Test:
    return go.negate(even(ev, v))


@rule("even")
def even(ev: Evaluator, v: Value) -> Test:
    from .arithmetic import binary

    return _compare(ev, "eq", binary(ev, "%", v, Const(2)), Const(0))


def _compare(ev: Evaluator, op: str, a: Value, b: Value) -> Test:
    from .compare import compare

    return ev.truth(ev.lift2(a, b, lambda x, y: compare(ev, op, x, y)))


# Kinds that are lists, for readers of this table.
LIST_KINDS = LISTS
