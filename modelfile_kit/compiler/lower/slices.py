"""Elements and slices of lists and texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ir import nodes as go
from ..values import types
from ..values.types import Const, Int, ListV, Obj, Undef, Value
from .control_flow import Raised, Unsupported

if TYPE_CHECKING:
    from .evaluate import Evaluator

ELEMENTS = {"msgs": "msg", "calls": "call", "tools": "tool", "strs": "str", "list": "any", "proplist": "prop"}


def element_value(kind: str, expr: go.Expr) -> Value:
    """An element of a Go list."""
    inner = ELEMENTS[kind]
    return types.string(expr) if inner == "str" else Obj(inner, expr)


def element(ev: Evaluator, v: Value, key: Value) -> Value:
    """`v[n]` of a list; past its end it is undefined."""
    if isinstance(v, ListV):
        if isinstance(key, Const):
            try:
                return v.items[int(key.value)]  # type: ignore[arg-type]
            except IndexError:
                return Undef()
        raise Unsupported("an element of a list by an unknown index", ev.line)
    if isinstance(v, types.Split):
        from .strings import split_element

        return split_element(ev, v, key)
    if isinstance(v, types.Built):
        from .lists import element_of_built

        return element_of_built(ev, v, key)
    if isinstance(v, types.Query) and not v.listed:
        return Undef()  # a generator has no elements by index
    if isinstance(v, types.Query):
        from .lazy_selections import pick

        return pick(ev, v, key)
    if isinstance(v, types.Parts):
        from .parts import part_at

        return part_at(ev, v, key)
    if isinstance(v, Obj) and v.kind in ELEMENTS:
        return _go_element(ev, v, key)
    return Undef()


def _go_element(ev: Evaluator, v: Obj, key: Value) -> Value:
    if v.reverse:
        raise Unsupported("an element of a reversed list", ev.line)
    if isinstance(key, Const):
        n = int(key.value)  # type: ignore[arg-type]
        if n >= 0:
            found = element_value(v.kind, go.call("index", v.expr, go.Lit(n)))
        else:
            last = go.call("len", go.call("slice", v.expr, go.Lit(-n)))
            found = element_value(v.kind, go.call("index", v.expr, last))
        return ev.settle(
            types.choose(ev.facts.simplify(longer_than(v, n if n >= 0 else -n - 1)), found, Undef())
        )
    assert isinstance(key, Int)
    if len(key.terms) == 1:
        (e, factor) = key.terms[0]
        if isinstance(e, go.Index) and factor == 1 and ev.loop_over.get(e.loop) == v.expr:
            return _neighbour(ev, v, e, key.const)
    if key.const > 0 and ev.least(key) >= 0:
        inside = go.Atom(go.call("lt", ev.to_go(key), go.call("len", v.expr)))
        found = element_value(v.kind, go.call("index", v.expr, ev.to_go(key)))
        return ev.settle(types.choose(ev.facts.simplify(inside), found, Undef()))
    if ev.least(key) < 0:
        negative = ev.facts.simplify(go.Atom(go.call("lt", ev.to_go(key), go.Lit(0))))
        last = go.call("index", v.expr, go.call("len", go.call("slice", v.expr, go.Lit(1))))
        if ev.least(key) < -1:
            raise Unsupported("an element by an index below -1", ev.line)
        return ev.branch(
            negative,
            lambda: element_value(v.kind, last),
            lambda: element_value(v.kind, go.call("index", v.expr, ev.to_go(key))),
        )
    return element_value(v.kind, go.call("index", v.expr, ev.to_go(key)))


def longer_than(v: Obj, n: int) -> go.Test:
    """Whether the list has an element at index n."""
    base, start = cut_from(v.expr)
    n += start
    if n == 0 and (base == go.Root("Messages") or isinstance(base, go.Field)):
        return go.TRUE
    if n == 0:
        return go.Atom(base)
    return go.Atom(go.call("lt", go.Lit(n), go.call("len", base)))


def cut_from(e: go.Expr) -> tuple[go.Expr, int]:
    """The list that `slice list n` is cut from, and n; the expression itself and 0 for others."""
    if isinstance(e, go.Call) and e.fn == "slice" and len(e.args) == 2 and isinstance(e.args[1], go.Lit):
        return e.args[0], int(e.args[1].value)
    return e, 0


def _neighbour(ev: Evaluator, v: Obj, i: go.Index, offset: int) -> Value:
    here = go.call("slice", v.expr, i)
    if offset == 0:
        if i.loop not in ev.loop_items:
            return element_value(v.kind, go.call("index", v.expr, i))
        return element_value(v.kind, go.Item(i.loop, ev.loop_items[i.loop]))
    if offset > 0:
        found = element_value(v.kind, go.call("index", here, go.Lit(offset)))
        more: go.Test = go.Atom(go.call("lt", go.Lit(offset), go.call("len", here)))
        if offset == 1:
            more = go.negate(go.equal(go.call("len", here), go.Lit(1)))
        return ev.settle(types.choose(ev.facts.simplify(more), found, Undef()))
    if offset == -1:
        before = go.call("index", v.expr, go.call("len", go.call("slice", v.expr, go.Lit(1), i)))
        last = go.call("index", v.expr, go.call("len", go.call("slice", v.expr, go.Lit(1))))
        first = ev.facts.simplify(go.equal(i, go.Lit(0)))
        return ev.settle(types.choose(first, element_value(v.kind, last), element_value(v.kind, before)))
    raise Unsupported("an element so far back", ev.line)


def slice_of(ev: Evaluator, v: Value, start: Value, stop: Value, step: Value) -> Value:
    """`v[start:stop:step]`."""
    bounds: list[Any] = [b.value if isinstance(b, Const) else b for b in (start, stop, step)]
    known = all(b is None or isinstance(b, int) for b in bounds)
    if isinstance(v, Undef):
        raise Raised("value is undefined")
    if isinstance(v, ListV) and known:
        return ListV(v.items[slice(*bounds)])
    if isinstance(v, Const) and isinstance(v.value, str) and known:
        return Const(v.value[slice(*bounds)])
    if isinstance(v, types.Split):
        if (
            known
            and bounds[1:] == [None, None]
            and isinstance(bounds[0], int)
            and bounds[0] >= 0
            and v.limit < 0
        ):
            return types.Split(v.text, v.sep, v.limit, v.skip + bounds[0])
        if bounds == [None, -1, None] and v.limit < 0 and not v.skip:
            from .searches import without_last

            return without_last(ev, v)
        raise Unsupported("this slice of the pieces of a text", ev.line)
    if types.is_text(v):
        from .strings import cut

        return cut(ev, v, start, stop, step)
    if isinstance(v, Obj) and v.kind in ELEMENTS:
        return _go_slice(ev, v, bounds)
    raise Raised("this value cannot be sliced")


def _go_slice(ev: Evaluator, v: Obj, bounds: list[Any]) -> Value:
    start, stop, step = bounds
    if step == -1 and start is None and stop is None:
        return Obj(v.kind, v.expr, not v.reverse)
    if step not in (None, 1) or v.reverse:
        raise Unsupported("a slice with a step", ev.line)
    low = _bound(ev, v, start, 0)
    if stop is None:
        if low == go.Lit(0):
            return v
        return Obj(v.kind, _cut(ev, v, low, None))
    high = _bound(ev, v, stop, None)
    return Obj(v.kind, _cut(ev, v, low, high))


def _bound(ev: Evaluator, v: Obj, b: Any, default: int | None) -> go.Expr:
    if b is None:
        assert default is not None
        return go.Lit(default)
    if isinstance(b, int):
        if b >= 0:
            return go.Lit(b)
        return go.call("len", go.call("slice", v.expr, go.Lit(-b)))
    if isinstance(b, Int):
        if ev.least(b) < 0:
            raise Unsupported("a slice whose bound may be negative", ev.line)
        return ev.to_go(b)
    raise Unsupported("a slice by these bounds", ev.line)


def _cut(ev: Evaluator, v: Obj, low: go.Expr, high: go.Expr | None) -> go.Expr:
    """Go's slice; Python forgives bounds past the end, Go does not."""
    base = v.expr
    if high is None and isinstance(low, go.Lit):
        base, start = cut_from(base)
        low = go.Lit(start + int(low.value))
    return go.Call("slice", (base, low) if high is None else (base, low, high))


def character(ev: Evaluator, v: Value, key: Value) -> Value:
    """`text[n]`: the first or last character; others would need counting characters."""
    e = ev.to_go(v)
    if isinstance(key, Const) and key.value == 0:
        first = go.call("printf", go.Lit("%.1s"), e)
        return ev.settle(types.choose(ev.truth(v), types.string(first, True), Undef()))
    from .arithmetic import binary
    from .compare import compare
    from .strings import cut, length

    if ev.least(key) < 0 and key != Const(-1):
        raise Unsupported("a character of a text by this index", ev.line)
    after = types.NONE if key == Const(-1) else binary(ev, "+", key, Const(1))
    there = ev.truth(v if key == Const(-1) else compare(ev, "lt", key, length(ev, v)))
    return ev.branch(there, lambda: cut(ev, v, key, after, types.NONE), lambda: Undef())
