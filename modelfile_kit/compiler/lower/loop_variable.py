"""The `loop` variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..values import types
from ..values.types import Const, Func, Obj, Undef, Value
from .control_flow import Unsupported

if TYPE_CHECKING:
    from .evaluate import Evaluator


def loop_attribute(ev: Evaluator, v: types.Loop, name: str) -> Value:
    """`loop.name`; loops over known elements carry their position, others a range's index."""
    if name == "cycle":
        return Func("cycle", v)
    if name in ("depth", "depth0"):
        return Const(1 if name == "depth" else 0)
    if v.position is not None:
        return _placed(ev, v, name)
    if v.over is None:
        raise Unsupported(f"loop.{name} in this loop", ev.line)
    i, over = types.number(go.Index(v.loop)), v.over
    left = types.number(go.call("len", go.call("slice", over, go.Index(v.loop))))
    values: dict[str, Callable[[], Value]] = {
        "index0": lambda: i,
        "index": lambda: _plus(i, 1),
        "length": lambda: types.number(go.call("len", over)),
        "first": lambda: types.boolean(ev.facts.simplify(go.equal(go.Index(v.loop), go.Lit(0)))),
        "last": lambda: types.boolean(ev.facts.simplify(_last(v))),
        "revindex": lambda: left,
        "revindex0": lambda: _plus(left, -1),
        "previtem": lambda: _neighbour(ev, v, -1),
        "nextitem": lambda: _neighbour(ev, v, 1),
    }
    return values[name]() if name in values else Undef(name)


def _last(v: types.Loop) -> go.Test:
    assert v.over is not None
    return go.equal(go.call("len", go.call("slice", v.over, go.Index(v.loop))), go.Lit(1))


def _plus(v: Value, n: int) -> Value:
    assert isinstance(v, types.Int)
    return types.integer(dict(v.terms), v.const + n)


def _neighbour(ev: Evaluator, v: types.Loop, step: int) -> Value:
    from .slices import element

    if v.kind is None or v.reverse:
        raise Unsupported("a neighbour in this loop", ev.line)
    assert v.over is not None
    there = Obj(v.kind, v.over)
    at = types.Int(((go.Index(v.loop), 1),), step)
    end = go.equal(go.Index(v.loop), go.Lit(0)) if step < 0 else _last(v)
    return ev.branch(end, lambda: Undef(), lambda: element(ev, there, at))


def _placed(ev: Evaluator, v: types.Loop, name: str) -> Value:
    from .arithmetic import binary

    assert v.position is not None
    index, first, last = v.position
    if name == "index0":
        return index
    if name in ("first", "last"):
        return first if name == "first" else last
    if name == "index":
        return _plus(index, 1) if isinstance(index, types.Int) else Const(_known(index) + 1)
    if v.length is not None and name in ("length", "revindex", "revindex0"):
        left = v.length if name == "length" else binary(ev, "-", v.length, index)
        return binary(ev, "-", left, Const(1)) if name == "revindex0" else left
    if isinstance(index, Const) and v.items:
        n, total = _known(index), len(v.items)
        if name == "length":
            return Const(total)
        if name in ("revindex", "revindex0"):
            return Const(total - n - (name == "revindex0"))
        if name == "previtem":
            return v.items[n - 1] if n else Undef(name)
        if name == "nextitem":
            return v.items[n + 1] if n + 1 < total else Undef(name)
    raise Unsupported(f"loop.{name} in this loop")


def _known(index: Value) -> int:
    if not isinstance(index, Const) or not isinstance(index.value, int):
        raise Unsupported("the number of a turn in this loop")
    return index.value
