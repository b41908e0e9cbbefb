"""Comparisons and `in`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Test
from ..values import types
from ..values.types import Const, Int, Str, Undef, Value
from .control_flow import Raised, Unsupported

if TYPE_CHECKING:
    from .evaluate import Evaluator

_KNOWN: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "gt": operator.gt,
    "lteq": operator.le,
    "gteq": operator.ge,
}


def compare(ev: Evaluator, op: str, a: Value, b: Value) -> Value:
    """`a op b` for values that are no choices."""
    if op == "in":
        return types.boolean(ev.facts.simplify(contains(ev, a, b)))
    if op == "notin":
        return types.boolean(ev.facts.simplify(go.negate(contains(ev, a, b))))
    if isinstance(a, Const) and isinstance(b, Const):
        try:
            return Const(bool(_KNOWN[op](a.value, b.value)))
        except TypeError as e:
            raise Raised(str(e)) from None
    if op in ("eq", "ne"):
        same = ev.facts.simplify(equal(ev, a, b))
        return types.boolean(same if op == "eq" else go.negate(same))
    if types.is_int(a) and types.is_int(b):
        low, high = (a, b) if op in ("lt", "gteq") else (b, a)
        less = less_than(ev, low, high)
        return types.boolean(ev.facts.simplify(less if op in ("lt", "gt") else go.negate(less)))
    if types.is_text(a) and types.is_text(b):
        # Go compares bytes, Python code points: for UTF-8 that is the same order
        low, high = (a, b) if op in ("lt", "gteq") else (b, a)
        before: Test = go.Atom(go.call("lt", ev.to_go(low), ev.to_go(high)))
        return types.boolean(ev.facts.simplify(before if op in ("lt", "gt") else go.negate(before)))
    raise Raised(f"'{_SIGN[op]}' not supported between these values")


_SIGN = {"lt": "<", "gt": ">", "lteq": "<=", "gteq": ">="}


def equal(ev: Evaluator, a: Value, b: Value) -> Test:
    """Python's `a == b`."""
    if isinstance(a, Undef) or isinstance(b, Undef):
        return go.Truth(isinstance(a, Undef) and isinstance(b, Undef))
    if types.is_text(a) and types.is_text(b):
        return _equal_texts(ev, a, b)
    if types.is_int(a) and types.is_int(b):
        return _equal_ints(ev, a, b)
    ta, tb = types.test_of(a), types.test_of(b)
    if ta is not None and tb is not None:
        return _equal_bools(ta, tb)
    if isinstance(a, types.Obj) and isinstance(b, types.Obj):
        if a == b:
            return go.TRUE
        return equal_objects(ev, a, b)
    if isinstance(a, types.Obj) and a.kind == "any":
        return _equal_any(ev, a, b)
    if isinstance(b, types.Obj) and b.kind == "any":
        return _equal_any(ev, b, a)
    if isinstance(a, types.ListV) and isinstance(b, types.ListV):
        if len(a.items) != len(b.items):
            return go.FALSE
        return go.both(*(equal(ev, x, y) for x, y in zip(a.items, b.items, strict=True)))
    if _kind(a) != _kind(b):
        return go.FALSE
    raise Unsupported("comparing these values", ev.line)


def _kind(v: Value) -> str:
    if types.is_text(v):
        return "text"
    if types.is_int(v) or types.is_bool(v):
        return "number"
    if v == types.NONE:
        return "none"
    if isinstance(v, types.Obj):
        return "list" if v.kind in ("msgs", "calls", "tools", "strs", "list") else "mapping"
    if isinstance(v, (types.ListV, types.Parts, types.Split)):
        return "list"
    return type(v).__name__


def _equal_bools(a: Test, b: Test) -> Test:
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


def _equal_texts(ev: Evaluator, a: Value, b: Value) -> Test:
    from .values import never_printed

    x, y = _parts(a), _parts(b)
    while x and y and x[0] == y[0]:
        x, y = x[1:], y[1:]
    while x and y and x[-1] == y[-1]:
        x, y = x[:-1], y[:-1]
    if not x and not y:
        return go.TRUE
    left, right = types.text(*x), types.text(*y)
    if isinstance(left, Const) and isinstance(right, Const):
        return go.Truth(left.value == right.value)
    if isinstance(left, Const):
        left, right = right, left
    if right == types.EMPTY:
        from .truth import truth_of

        return go.negate(truth_of(ev, left))
    if isinstance(right, Const) and _other_json(left) and never_printed(str(right.value)):
        return go.FALSE
    return go.equal(ev.to_go(left), ev.to_go(right))


def _other_json(v: Value) -> bool:
    """Whether it is the text of a JSON value that is no text itself, perhaps in another case."""
    if not isinstance(v, Str) or len(v.parts) != 1:
        return False
    e = v.parts[0]
    while isinstance(e, ops.ChangeCase):
        e = e.operand
    return isinstance(e, ops.PythonStr)


def _parts(v: Value) -> tuple[types.Part, ...]:
    assert isinstance(v, (Const, Str))
    return types.parts_of(v)


def _difference(a: Value, b: Value) -> tuple[Value, Value, int]:
    """`a - b` as a sum of positives, a sum of negatives, and a constant."""
    from .arithmetic import as_int

    x, y = as_int(a), as_int(b)
    terms = dict(x.terms)
    for e, n in y.terms:
        terms[e] = terms.get(e, 0) - n
    plus = {e: n for e, n in terms.items() if n > 0}
    minus = {e: -n for e, n in terms.items() if n < 0}
    return types.integer(plus), types.integer(minus), x.const - y.const


def _remaining(ev: Evaluator, a: Value, b: Value) -> tuple[go.Expr, int] | None:
    """`len(list) - index` is how many are left from an index on: the slice's length."""
    plus, minus, const = _difference(a, b)
    for x, y, sign in ((plus, minus, 1), (minus, plus, -1)):
        if isinstance(x, Int) and isinstance(y, Int) and len(x.terms) == len(y.terms) == 1:
            (e, n), (i, m) = x.terms[0], y.terms[0]
            sized = n == m == 1 and isinstance(e, go.Call) and e.fn == "len" and isinstance(i, go.Index)
            if sized and isinstance(e, go.Call) and isinstance(i, go.Index):
                if ev.loop_over.get(i.loop) != e.args[0]:
                    continue
                return go.call("len", go.call("slice", e.args[0], i)), -const * sign
    return None


def _equal_ints(ev: Evaluator, a: Value, b: Value) -> Test:
    if found := _remaining(ev, a, b):
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
            if ev.least(x) > y.value:
                return go.FALSE
            if x.const:
                return go.equal(ev.to_go(types.integer(dict(x.terms))), go.Lit(y.value - x.const))
    return go.equal(ev.to_go(plus), ev.to_go(minus))


def _plus(v: Value, n: int) -> Value:
    from .arithmetic import as_int

    x = as_int(v)
    return types.integer(dict(x.terms), x.const + n)


def _measured(v: Value) -> go.Expr | None:
    """What a length is the length of."""
    if isinstance(v, Int) and len(v.terms) == 1 and v.terms[0][1] == 1:
        e = v.terms[0][0]
        if isinstance(e, go.Call) and e.fn == "len":
            return e.args[0]
        if isinstance(e, ops.CharacterCount):
            return e.operand
    return None


def less_than(ev: Evaluator, a: Value, b: Value) -> Test:
    """`a < b` for whole numbers."""
    plus, minus, const = _difference(a, b)
    if plus == Const(0) and const == 0 and (e := _measured(minus)) is not None:
        return go.Atom(e)  # longer than nothing
    if minus == Const(0) and const == -1 and (e := _measured(plus)) is not None:
        return go.negate(go.Atom(e))
    if isinstance(plus, Const) and isinstance(minus, Const):
        return go.Truth(const < 0)
    if isinstance(plus, Const) and isinstance(minus, Int) and ev.least(minus) > const:
        return go.TRUE
    if isinstance(minus, Const) and isinstance(plus, Int) and ev.least(plus) + const >= 0:
        return go.FALSE
    if const == -1 and not isinstance(plus, Const):
        return go.negate(go.Atom(go.call("lt", ev.to_go(minus), ev.to_go(plus))))
    left = _plus(plus, const) if const > 0 else plus
    right = _plus(minus, -const) if const < 0 else minus
    return go.Atom(go.call("lt", ev.to_go(left), ev.to_go(right)))


def equal_objects(ev: Evaluator, a: types.Obj, b: types.Obj) -> Test:
    """Messages are equal when what a template can see of them is."""
    if a.kind == b.kind == "msg":
        names = ("Role", "Content")
        return go.both(*(go.equal(go.Field(a.expr, n), go.Field(b.expr, n)) for n in names))
    if a.kind != b.kind and "any" not in (a.kind, b.kind):
        return go.FALSE
    if "any" in (a.kind, b.kind):
        return go.equal(go.call("json", a.expr), go.call("json", b.expr))
    raise Unsupported("comparing lists or mappings", ev.line)


def _equal_any(ev: Evaluator, a: types.Obj, b: Value) -> Test:
    from .values import is_kind

    if types.is_text(b):
        return go.both(is_kind(a.expr, "string"), go.equal(a.expr, ev.to_go(b)))
    t = types.test_of(b)
    if isinstance(t, go.Truth):
        return go.both(is_kind(a.expr, "bool"), go.Atom(a.expr) if t.value else go.negate(go.Atom(a.expr)))
    if b == types.NONE:
        return is_kind(a.expr, "<nil>")
    raise Unsupported("comparing a JSON value with this", ev.line)


def contains(ev: Evaluator, needle: Value, hay: Value) -> Test:
    """Python's `needle in hay`."""
    if isinstance(hay, Undef):
        return go.FALSE
    if types.is_text(hay):
        if not types.is_text(needle):
            raise Raised("'in <string>' requires string as left operand")
        from .strings import has

        return has(ev, hay, needle)
    if isinstance(hay, types.ListV):
        tests = [_element(ev, needle, x) for x in hay.items]
        return go.either(*tests)
    if isinstance(hay, types.Built):
        from .lists import in_built

        return in_built(ev, hay, needle)
    if isinstance(hay, types.DictV):
        tests = []
        for e in hay.entries:
            tests.append(go.both(e.present, equal(ev, needle, Const(e.key))))
        return go.either(*tests)
    if isinstance(hay, types.Obj):
        from .values import has_key

        return has_key(ev, hay, needle)
    if isinstance(hay, types.Parts):
        return go.FALSE
    if isinstance(hay, types.Split):
        raise Unsupported("`in` a list of pieces of a text", ev.line)
    raise Raised("argument of this type is not iterable")


def _element(ev: Evaluator, needle: Value, x: Value) -> Test:
    return ev.truth(ev.lift(x, lambda y: types.boolean(equal(ev, needle, y))))
