"""`a + b` of lists, some of them built by a loop."""

from __future__ import annotations

from ..ir import nodes as go
from ..values.known import Const, KnownList
from ..values.lists import MARK, EncodedList, encoded, is_encodable
from ..values.number import go_int
from ..values.request import ELEMENTS, RuntimeValue
from ..values.text import Part, as_str, text_of
from ..values.value import Value
from .control_flow import Unsupported
from .integers import add
from .state import State


def join_lists(st: State, a: Value, b: Value) -> Value:
    """`a + b` of lists."""
    if st.loops and (picked := _picked(st, a, b)) is not None:
        return picked
    if isinstance(a, KnownList) and isinstance(b, KnownList):
        return KnownList(a.items + b.items)
    if is_encodable(a) and is_encodable(b):
        x, y = encoded(a), encoded(b)
        if x.of != y.of:
            raise Unsupported("+ of a list of texts and one of the request's data", st.line)
        return EncodedList(as_str(text_of(*x.text.parts, *y.text.parts)), x.plain and y.plain)
    if isinstance(a, KnownList) and not a.items:
        return b
    if isinstance(b, KnownList) and not b.items:
        return a
    raise Unsupported("+ of lists of unknown length", st.line)


def _picked(st: State, a: Value, b: Value) -> EncodedList | None:
    """`list + [message]` in a loop: each element as its place among the request's."""
    of = next((v.of for v in (a, b) if isinstance(v, EncodedList)), None)
    parts: list[Part] = []
    for v in (a, b):
        if isinstance(v, EncodedList):
            parts += v.text.parts
            continue
        for x in v.items if isinstance(v, KnownList) else ():
            if (
                not isinstance(x, RuntimeValue)
                or (place := _place(st, x)) is None
                or place[0] != (of or place[0])
            ):
                return None
            of = place[0]
            parts += [go.call("printf", go.Lit("%*s"), st.to_go(place[1]), go.Lit("")), MARK]
    if of is None or not all(isinstance(v, (KnownList, EncodedList)) for v in (a, b)):
        return None
    if any(isinstance(v, EncodedList) and v.of != of for v in (a, b)):
        return None
    return EncodedList(as_str(text_of(*parts)), True, of)


def _place(st: State, v: RuntimeValue) -> tuple[RuntimeValue, Value] | None:
    """The request's list that an element comes from, and its index there."""
    data = next((k for k, inner in ELEMENTS.items() if inner is v.data), None)
    e = v.expr
    if data is None:
        return None
    if isinstance(e, go.Item) and e.loop in st.loop_over:
        base, at = st.loop_over[e.loop], go_int(go.Index(e.loop))
    elif isinstance(e, go.Call) and e.fn == "index" and len(e.args) == 2:
        base, at = e.args[0], go_int(e.args[1])
    else:
        return None
    index: Value = at
    if isinstance(base, go.Call) and base.fn == "slice" and len(base.args) == 2:
        start = base.args[1]
        first = Const(start.value) if isinstance(start, go.Lit) else go_int(start)
        base, index = base.args[0], add(at, first)
    return (RuntimeValue(data, base), index) if isinstance(base, go.Root) else None
