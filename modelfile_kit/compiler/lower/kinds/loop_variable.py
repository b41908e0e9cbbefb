"""The `loop` variable."""

from __future__ import annotations

from collections.abc import Callable

from ...ir import nodes as go
from ...values.callables import Builtin, LoopVariable
from ...values.choice import choose
from ...values.known import Const, Undef
from ...values.number import Int, go_int
from ...values.request import RuntimeValue
from ...values.truth import bool_of
from ...values.value import Value
from ..compare import is_equal
from ..control_flow import Raised, Unsupported
from ..integers import add, remainder, subtract
from ..macros import call_macro
from ..semantics import attribute, call_method, call_value, element
from ..state import State


@attribute.of(LoopVariable)
def attribute_of_loop(st: State, v: LoopVariable, name: str) -> Value:
    """`loop.name`; loops over known elements carry their position, others a range's index."""
    if name == "cycle":
        return Builtin("cycle", v)
    if name in ("depth", "depth0"):
        return Const(1 if name == "depth" else 0)
    if v.position is not None:
        return _placed(st, v, name)
    if v.over is None:
        raise Unsupported(f"loop.{name} in this loop", st.line)
    i, over = go_int(go.Index(v.loop)), v.over
    left = go_int(go.call("len", go.call("slice", over, go.Index(v.loop))))
    values: dict[str, Callable[[], Value]] = {
        "index0": lambda: i,
        "index": lambda: add(i, Const(1)),
        "length": lambda: go_int(go.call("len", over)),
        "first": lambda: bool_of(st.facts.simplify(go.equal(go.Index(v.loop), go.Lit(0)))),
        "last": lambda: bool_of(st.facts.simplify(_last(v))),
        "revindex": lambda: left,
        "revindex0": lambda: add(left, Const(-1)),
        "previtem": lambda: _neighbour(st, v, -1),
        "nextitem": lambda: _neighbour(st, v, 1),
    }
    return values[name]() if name in values else Undef(name)


def _last(v: LoopVariable) -> go.Test:
    assert v.over is not None
    return go.equal(go.call("len", go.call("slice", v.over, go.Index(v.loop))), go.Lit(1))


def _neighbour(st: State, v: LoopVariable, step: int) -> Value:
    if v.data is None or v.reverse:
        raise Unsupported("loop.previtem or loop.nextitem in this loop", st.line)
    assert v.over is not None
    there = RuntimeValue(v.data, v.over)
    at = Int(((go.Index(v.loop), 1),), step)
    end = go.equal(go.Index(v.loop), go.Lit(0)) if step < 0 else _last(v)
    return st.branch(end, lambda: Undef(), lambda: element(st, there, at))


def _placed(st: State, v: LoopVariable, name: str) -> Value:
    assert v.position is not None
    index, first, last = v.position
    if name == "index0":
        return index
    if name in ("first", "last"):
        return first if name == "first" else last
    if name == "index":
        return add(index, Const(1)) if isinstance(index, Int) else Const(_known(index) + 1)
    if v.length is not None and name in ("length", "revindex", "revindex0"):
        left = v.length if name == "length" else subtract(v.length, index)
        return add(left, Const(-1)) if name == "revindex0" else left
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
        raise Unsupported("loop.index in this loop")
    return index.value


@call_method.of(LoopVariable)
def call_loop_method(
    st: State, v: LoopVariable, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """`loop.cycle(a, b, …)`."""
    if name != "cycle":
        raise Unsupported(f"the method {name} of loop", st.line)
    if not args:
        raise Raised("no items for cycling given")
    place = remainder(st, attribute_of_loop(st, v, "index0"), len(args))
    found = args[-1]
    for n, a in reversed(list(enumerate(args[:-1]))):
        found = choose(is_equal(st, place, Const(n)), a, found)
    return st.settle(found)


@call_value.of(LoopVariable)
def call_recursive_loop(st: State, v: LoopVariable, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """`loop(elements)` of a recursive loop."""
    if v.macro is None:
        raise Raised("The loop must have the 'recursive' marker to be called recursively.")
    if len(args) != 1 or kwargs:
        raise Raised("loop() takes one argument")
    return call_macro(st, v.macro, args, {})
