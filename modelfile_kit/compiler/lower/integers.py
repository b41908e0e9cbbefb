"""Whole numbers in a language without arithmetic: sums, comparisons, and their Go expressions.

Lengths do the work: a text or list of `a` elements from which `b` are cut has the length `a - b`.
"""

from __future__ import annotations

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Expr, Test
from ..values.known import Const
from ..values.number import Int, as_int, go_int, sum_of
from ..values.value import Value
from .control_flow import Unsupported
from .state import State


def add(a: Value, b: Value, times: int = 1) -> Const | Int:
    """`a + b` of whole numbers, or `a` and so many times `b`."""
    x, y = as_int(a), as_int(b)
    terms = dict(x.terms)
    for e, n in y.terms:
        terms[e] = terms.get(e, 0) + n * times
    return sum_of(terms, x.const + y.const * times)


def subtract(a: Value, b: Value) -> Const | Int:
    """`a - b` of whole numbers."""
    return add(a, b, -1)


def remainder(st: State, v: Value, by: int) -> Const | Int:
    """`v % by` of a whole number."""
    if isinstance(v, Const):
        return Const(as_int(v).const % by)
    if by not in ops.DIVISORS:
        raise Unsupported("the operator % on unknown numbers", st.line)
    x = as_int(v)
    if st.least(x) < 0:
        # a sum that may be negative gives way to one from 0 with the same remainder
        same = sum_of({e: n % by for e, n in x.terms}, x.const % by)
        if isinstance(same, Const):
            return same
        x = same if st.least(same) >= 0 else Int(same.terms, same.const + by)
        if st.least(x) < 0:
            raise Unsupported("the remainder of a number that may be negative", st.line)
    return go_int(ops.Remainder(int_to_go(st, x), by))


def operate(st: State, name: str, a: Value, b: Value) -> Value:
    """`a name b` of whole numbers that are not both known."""
    x, y = as_int(a), as_int(b)
    if name in "+-":
        return add(x, y, 1 if name == "+" else -1)
    if name == "*":
        if not x.terms:
            x, y = y, x
        if not y.terms:
            return sum_of({e: n * y.const for e, n in x.terms}, x.const * y.const)
        raise Unsupported("a product of two unknown numbers", st.line)
    if name == "%" and not y.terms and y.const in ops.DIVISORS:
        return remainder(st, x, y.const)
    raise Unsupported(f"the operator {name} on unknown numbers", st.line)


def int_to_go(st: State, v: Int) -> Expr:
    """A Go expression for a sum."""
    if v.const == 0 and len(v.terms) == 1 and v.terms[0][1] == 1:
        return v.terms[0][0]
    plus = [e for e, n in v.terms for _ in range(n) if n > 0]
    minus = [e for e, n in v.terms for _ in range(-n) if n < 0]
    if len(plus) + len(minus) > 8 or abs(v.const) > 1000:
        raise Unsupported("a sum of this many numbers", st.line)
    for e in plus + minus:
        if isinstance(e, go.Var) and st.bounds.get(e.id, 0) < 0:
            return _with_negative(st, v, e)
    if not minus and v.const < 0 and len(plus) == 1:
        return _less_constant(st, plus[0], -v.const)
    if len(plus) == len(minus) == 1 and v.const <= 0 and (over := _length_of(plus[0])) is not None:
        inner = int_to_go(st, Int(((minus[0], 1),), -v.const))
        return go.call("len", go.call("slice", over, inner))
    return _less(_sum(plus, max(v.const, 0)), _sum(minus, max(-v.const, 0)) if minus or v.const < 0 else None)


def _less_constant(st: State, e: Expr, n: int) -> Expr:
    over = _length_of(e)
    if over is not None:
        less = go.call("len", go.call("slice", over, go.Lit(n)))
        if n > 1 or _is_never_empty(st, over):
            return less
        # there is nothing to cut from an empty list
        return go.call("or", go.call("and", go.call("not", over), go.Lit(-1)), less)
    if isinstance(e, go.Index) and e.loop in st.loop_over:
        return go.call("len", go.call("slice", st.loop_over[e.loop], go.Lit(n), e))
    return _less(e, go.Lit(n))


def _is_never_empty(st: State, e: Expr) -> bool:
    """A list that has an element wherever its length is asked for, or a text that counts and has counted."""
    if e == go.Root("Messages") or (isinstance(e, go.Var) and e.id in st.grown):
        return True  # Ollama renders no request without messages
    if isinstance(e, go.Call) and e.fn == "slice" and isinstance(e.args[-1], go.Index):
        return st.loop_over.get(e.args[-1].loop) == e.args[0]  # from a loop's element on
    return st.facts.simplify(go.Atom(e)) == go.TRUE


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


def _with_negative(st: State, v: Int, e: go.Var) -> Expr:
    """A variable that may hold -1: printf's width would make it 1, so that case goes its own way."""
    if st.bounds[e.id] != -1:
        raise Unsupported("a number below -1", st.line)
    count = dict(v.terms)[e]
    rest = sum_of({x: n for x, n in v.terms if x != e}, v.const - count)

    def otherwise() -> Value:
        saved, st.bounds[e.id] = st.bounds[e.id], 0
        try:
            return go_int(int_to_go(st, v))
        finally:
            st.bounds[e.id] = saved

    value = st.branch(go.equal(e, go.Lit(-1)), lambda: rest, otherwise)
    return st.to_go(value)


def _difference(a: Value, b: Value) -> tuple[Value, Value, int]:
    """`a - b` as a sum of positives, a sum of negatives, and a constant."""
    x, y = as_int(a), as_int(b)
    terms = dict(x.terms)
    for e, n in y.terms:
        terms[e] = terms.get(e, 0) - n
    plus = {e: n for e, n in terms.items() if n > 0}
    minus = {e: -n for e, n in terms.items() if n < 0}
    return sum_of(plus), sum_of(minus), x.const - y.const


def _remaining(st: State, a: Value, b: Value) -> tuple[go.Expr, int] | None:
    """`len(list) - index` is how many are left from an index on: the slice's length."""
    plus, minus, const = _difference(a, b)
    for x, y, sign in ((plus, minus, 1), (minus, plus, -1)):
        if isinstance(x, Int) and isinstance(y, Int) and len(x.terms) == len(y.terms) == 1:
            (e, n), (i, m) = x.terms[0], y.terms[0]
            sized = n == m == 1 and isinstance(e, go.Call) and e.fn == "len" and isinstance(i, go.Index)
            if sized and isinstance(e, go.Call) and isinstance(i, go.Index):
                if st.loop_over.get(i.loop) != e.args[0]:
                    continue
                return go.call("len", go.call("slice", e.args[0], i)), -const * sign
    return None


def equal_ints(st: State, a: Value, b: Value) -> Test:
    """`a == b` of whole numbers."""
    if found := _remaining(st, a, b):
        return go.equal(found[0], go.Lit(found[1]))
    plus, minus, const = _difference(a, b)
    for x, y in ((plus, minus), (minus, plus)):
        if const == 0 and y == Const(0) and (e := _measured(x)) is not None:
            return go.negate(go.Atom(e))
    if const >= 0:
        plus = _plus(plus, const)
    else:
        minus = _plus(minus, -const)
    if isinstance(plus, Const) and isinstance(minus, Const):
        return go.Truth(plus.value == minus.value)
    for x, y in ((plus, minus), (minus, plus)):
        # a sum of parts that count from 0 upwards, with a constant above the other side
        if isinstance(y, Const) and isinstance(x, Int) and isinstance(y.value, int):
            if st.least(x) > y.value:
                return go.FALSE
            if x.const:
                return go.equal(st.to_go(sum_of(dict(x.terms))), go.Lit(y.value - x.const))
    return go.equal(st.to_go(plus), st.to_go(minus))


def _plus(v: Value, n: int) -> Value:
    return add(v, Const(n))


def _measured(v: Value) -> go.Expr | None:
    """What a length is the length of."""
    if isinstance(v, Int) and len(v.terms) == 1 and v.terms[0][1] == 1:
        e = v.terms[0][0]
        if isinstance(e, go.Call) and e.fn == "len":
            return e.args[0]
        if isinstance(e, ops.CharacterCount):
            return e.operand
    return None


def less_than(st: State, a: Value, b: Value) -> Test:
    """`a < b` for whole numbers."""
    plus, minus, const = _difference(a, b)
    if plus == Const(0) and const == 0 and (e := _measured(minus)) is not None:
        return go.Atom(e)  # longer than nothing
    if minus == Const(0) and const == -1 and (e := _measured(plus)) is not None:
        return go.negate(go.Atom(e))
    if isinstance(plus, Const) and isinstance(minus, Const):
        return go.Truth(const < 0)
    if isinstance(plus, Const) and isinstance(minus, Int) and st.least(minus) > const:
        return go.TRUE
    if isinstance(minus, Const) and isinstance(plus, Int) and st.least(plus) + const >= 0:
        return go.FALSE
    if const == -1 and not isinstance(plus, Const):
        return go.negate(go.Atom(go.call("lt", st.to_go(minus), st.to_go(plus))))
    left = _plus(plus, const) if const > 0 else plus
    right = _plus(minus, -const) if const < 0 else minus
    return go.Atom(go.call("lt", st.to_go(left), st.to_go(right)))
