"""`+ - * % //` on what is known, and whole numbers in a language without arithmetic.

Lengths do the work: a text or list of `a` elements from which `b` are cut has the length `a - b`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...huggingface import estimates
from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Expr
from ..values import types
from ..values.types import Const, Int, ListV, Value
from ..values.weight import WEIGHT_MAX, weight
from .control_flow import Raised, TooBig, Unsupported

if TYPE_CHECKING:
    from .evaluate import Evaluator

_KNOWN: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "%": operator.mod,
    "//": operator.floordiv,
    "/": operator.truediv,
}
# A repeated text is built at compile time; templates repeat some blanks.
MAX_REPEAT = 10_000
# An unknown one is printed so often.
MAX_PIECES = 100


def as_int(v: Value) -> Int:
    """A whole number as a sum."""
    if isinstance(v, Int):
        return v
    assert isinstance(v, Const) and isinstance(v.value, int)
    return Int((), v.value)


def binary(ev: Evaluator, name: str, a: Value, b: Value) -> Value:
    """`a name b` for values that are no choices."""
    if isinstance(a, Const) and isinstance(b, Const):
        return _known(name, a.value, b.value)
    if name == "+" and types.is_text(a) and types.is_text(b):
        return ev.concat(a, b)
    if name == "+" and (isinstance(a, types.Markup) or isinstance(b, types.Markup)):
        from .markup import joined

        return joined(ev, a, b)
    if name == "+" and _is_list(a) and _is_list(b):
        from .lists import join_lists

        return join_lists(ev, a, b)
    if types.is_int(a) and types.is_int(b):
        return _whole(ev, name, as_int(a), as_int(b))
    for x, y, swapped in ((a, b, False), (b, a, True)):
        if name == "+" and isinstance(x, types.Obj) and x.kind == "any" and types.is_text(y):
            return _text_or_raise(ev, x, y, swapped)
    if name == "*" and isinstance(b, Const) and type(b.value) is int and (types.is_text(a) or _is_list(a)):
        return _repeated(ev, a, b.value)
    if name == "%" and isinstance(a, Const) and isinstance(a.value, str):
        from .percent import formatted

        return formatted(ev, a.value, b.items if isinstance(b, ListV) else (b,))
    if name == "%" and types.is_text(a):
        raise Unsupported("formatting with %", ev.line)
    raise Raised(f"unsupported operand types for {name}")


def _text_or_raise(ev: Evaluator, x: types.Obj, y: Value, swapped: bool) -> Value:
    """A JSON value that has to be a text to be put together with one."""
    from .values import is_kind

    def together() -> Value:
        s = types.string(x.expr)
        return ev.concat(y, s) if swapped else ev.concat(s, y)

    def fails() -> Value:
        raise Raised("can only concatenate str")

    return ev.branch(is_kind(x.expr, "string"), together, fails)


def _repeated(ev: Evaluator, v: Value, count: int) -> Value:
    """An unknown text or a list some times over."""
    if isinstance(v, ListV) and count * len(v.items) <= MAX_REPEAT:
        return ListV(v.items * count)
    if not types.is_text(v) or count > MAX_PIECES:
        raise Unsupported("a text or list so many times", ev.line)
    if weight(v) * count > WEIGHT_MAX:
        raise TooBig(f"a value of more than {WEIGHT_MAX:,} parts")
    result: Value = types.EMPTY
    for _ in range(count):
        result = ev.concat(result, v)
    return result


def _known(name: str, a: Any, b: Any) -> Value:
    if name == "*" and any(isinstance(x, int) and abs(x) > MAX_REPEAT for x in (a, b)):
        raise Unsupported("so large a product")
    try:
        if name == "%":
            return Const(estimates.binary(name, operator.mod, a, b))  # a width may be anything
        return Const(_KNOWN[name](a, b))
    except (TypeError, ZeroDivisionError, ValueError) as e:
        raise Raised(str(e)) from None


def _is_list(v: Value) -> bool:
    return isinstance(v, (ListV, types.Split, types.Built)) or (isinstance(v, types.Obj) and v.kind in LISTS)


LISTS = ("msgs", "calls", "tools", "strs", "list", "proplist")


def _whole(ev: Evaluator, name: str, a: Int, b: Int) -> Value:
    if name in "+-":
        terms = dict(a.terms)
        for e, n in b.terms:
            terms[e] = terms.get(e, 0) + (n if name == "+" else -n)
        return types.integer(terms, a.const + (b.const if name == "+" else -b.const))
    if name == "*":
        if not a.terms:
            a, b = b, a
        if not b.terms:
            return types.integer({e: n * b.const for e, n in a.terms}, a.const * b.const)
        raise Unsupported("a product of two unknown numbers", ev.line)
    if name == "%" and not b.terms and b.const in ops.DIVISORS:
        return _remainder(ev, a, b.const)
    raise Unsupported(f"the operator {name} on unknown numbers", ev.line)


def _remainder(ev: Evaluator, v: Int, divisor: int) -> Value:
    """`v % divisor`; a sum that may be negative gives way to one from 0 with the same remainder."""
    if ev.least(v) < 0:
        same = types.integer({e: n % divisor for e, n in v.terms}, v.const % divisor)
        if isinstance(same, Const):
            return same
        assert isinstance(same, Int)
        v = same if ev.least(same) >= 0 else Int(same.terms, same.const + divisor)
        if ev.least(v) < 0:
            raise Unsupported("the remainder of a number that may be negative", ev.line)
    return types.number(ops.Remainder(int_to_go(ev, v), divisor))


def int_to_go(ev: Evaluator, v: Int) -> Expr:
    """A Go expression for a sum."""
    if v.const == 0 and len(v.terms) == 1 and v.terms[0][1] == 1:
        return v.terms[0][0]
    plus = [e for e, n in v.terms for _ in range(n) if n > 0]
    minus = [e for e, n in v.terms for _ in range(-n) if n < 0]
    if len(plus) + len(minus) > 8 or abs(v.const) > 1000:
        raise Unsupported("a sum this large", ev.line)
    for e in plus + minus:
        if isinstance(e, go.Var) and ev.bounds.get(e.id, 0) < 0:
            return _with_negative(ev, v, e)
    if not minus and v.const < 0 and len(plus) == 1:
        return _less_constant(ev, plus[0], -v.const)
    if len(plus) == len(minus) == 1 and v.const <= 0 and (over := _length_of(plus[0])) is not None:
        inner = int_to_go(ev, Int(((minus[0], 1),), -v.const))
        return go.call("len", go.call("slice", over, inner))
    return _less(_sum(plus, max(v.const, 0)), _sum(minus, max(-v.const, 0)) if minus or v.const < 0 else None)


def _less_constant(ev: Evaluator, e: Expr, n: int) -> Expr:
    over = _length_of(e)
    if over is not None:
        return go.call("len", go.call("slice", over, go.Lit(n)))
    if isinstance(e, go.Index) and e.loop in ev.loop_over:
        return go.call("len", go.call("slice", ev.loop_over[e.loop], go.Lit(n), e))
    return _less(e, go.Lit(n))


def _length_of(e: Expr) -> Expr | None:
    return e.args[0] if isinstance(e, go.Call) and e.fn == "len" else None


def _sum(es: list[Expr], const: int) -> Expr:
    if not es:
        return go.Lit(const)
    if len(es) == 1 and const == 0:
        return es[0]
    args: list[Expr] = [go.Lit("%*s" * len(es) + "." * const)]
    for e in es:
        args += [e, go.Lit("")]
    return go.call("len", go.call("printf", *args))


def _less(a: Expr, b: Expr | None) -> Expr:
    if b is None:
        return a
    return go.call("len", go.call("slice", go.call("printf", go.Lit("%*s"), a, go.Lit("")), b))


def _with_negative(ev: Evaluator, v: Int, e: go.Var) -> Expr:
    """A variable that may hold -1: printf's width would make it 1, so that case goes its own way."""
    if ev.bounds[e.id] != -1:
        raise Unsupported("a number below -1", ev.line)
    count = dict(v.terms)[e]
    rest = types.integer({x: n for x, n in v.terms if x != e}, v.const - count)

    def otherwise() -> Value:
        saved, ev.bounds[e.id] = ev.bounds[e.id], 0
        try:
            return types.number(int_to_go(ev, v))
        finally:
            ev.bounds[e.id] = saved

    value = ev.branch(go.equal(e, go.Lit(-1)), lambda: rest, otherwise)
    return ev.to_go(value)
