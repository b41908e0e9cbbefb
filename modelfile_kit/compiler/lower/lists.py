"""Lists that a template builds, searches and joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..ir.nodes import Test
from ..values import types
from ..values.types import Const, ListV, Obj, Split, Value
from . import idioms
from .control_flow import Raised, Unsupported

if TYPE_CHECKING:
    from .evaluate import Evaluator


def join_lists(ev: Evaluator, a: Value, b: Value) -> Value:
    """`a + b` of lists."""
    if ev.loops and (picked := _picked(ev, a, b)) is not None:
        return picked
    if isinstance(a, ListV) and isinstance(b, ListV):
        return ListV(a.items + b.items)
    if types.is_built(a) and types.is_built(b):
        x, y = types.built(a), types.built(b)
        if x.of != y.of:
            raise Unsupported("putting together lists of texts and data", ev.line)
        return types.Built(types.as_str(types.text(*x.text.parts, *y.text.parts)), x.plain and y.plain)
    if isinstance(a, ListV) and not a.items:
        return b
    if isinstance(b, ListV) and not b.items:
        return a
    raise Unsupported("putting together lists of unknown length", ev.line)


def _picked(ev: Evaluator, a: Value, b: Value) -> types.Built | None:
    """`list + [message]` in a loop: each element as its place among the request's."""
    of = next((v.of for v in (a, b) if isinstance(v, types.Built)), None)
    parts: list[types.Part] = []
    for v in (a, b):
        if isinstance(v, types.Built):
            parts += v.text.parts
            continue
        for x in v.items if isinstance(v, ListV) else ():
            if not isinstance(x, Obj) or (place := _place(ev, x)) is None or place[0] != (of or place[0]):
                return None
            of = place[0]
            parts += [go.call("printf", go.Lit("%*s"), ev.to_go(place[1]), go.Lit("")), "\0"]
    if of is None or not all(isinstance(v, (ListV, types.Built)) for v in (a, b)):
        return None
    if any(isinstance(v, types.Built) and v.of != of for v in (a, b)):
        return None
    return types.Built(types.as_str(types.text(*parts)), True, of)


def _place(ev: Evaluator, v: Obj) -> tuple[Obj, Value] | None:
    """The request's list that an element comes from, and its index there."""
    from .arithmetic import binary
    from .slices import ELEMENTS

    kind = next((k for k, inner in ELEMENTS.items() if inner == v.kind), None)
    e = v.expr
    if kind is None:
        return None
    if isinstance(e, go.Item) and e.loop in ev.loop_over:
        base, at = ev.loop_over[e.loop], types.number(go.Index(e.loop))
    elif isinstance(e, go.Call) and e.fn == "index" and len(e.args) == 2:
        base, at = e.args[0], types.number(e.args[1])
    else:
        return None
    index: Value = at
    if isinstance(base, go.Call) and base.fn == "slice" and len(base.args) == 2:
        start = base.args[1]
        first = Const(start.value) if isinstance(start, go.Lit) else types.number(start)
        base, index = base.args[0], binary(ev, "+", at, first)
    return (Obj(kind, base), index) if isinstance(base, go.Root) else None


def element_of_built(ev: Evaluator, v: types.Built, key: Value) -> Value:
    """`list[n]` from its beginning, and `list[-1]`."""
    from .strings import split_element

    if not v.plain or not isinstance(key, Const) or not isinstance(key.value, int) or key.value < -1:
        raise Unsupported("an element of a list that a loop builds", ev.line)

    def inside() -> Value:
        found = split_element(ev, Split(types.string(_cut(ev, v)), "\0"), key)
        return ev.lift(found, lambda x: decoded(v, x))

    return ev.branch(ev.truth(v), inside, lambda: types.Undef())


def decoded(v: types.Built, piece: Value) -> Value:
    """What a piece of the list's text stands for."""
    if v.of is None or isinstance(piece, types.Undef):
        return piece
    from .slices import element_value

    assert isinstance(piece, types.Str) and len(piece.parts) == 1
    place = go.call("len", piece.parts[0])  # type: ignore[arg-type]
    return element_value(v.of.kind, go.call("index", v.of.expr, place))


def count_built(ev: Evaluator, v: types.Built) -> Value:
    """How many elements a list has that a loop builds."""
    from .strings import count_pieces

    pieces = count_pieces(ev, Split(v.text, "\0"))
    assert isinstance(pieces, types.Int)
    return types.integer(dict(pieces.terms), pieces.const - 1)


def _cut(ev: Evaluator, v: types.Built) -> go.Expr:
    """The text of a list without the NUL at its end."""
    e = ev.to_go(v.text)
    return go.call("slice", e, go.Lit(0), go.call("len", go.call("slice", e, go.Lit(1))))


def join_texts(ev: Evaluator, v: Value, sep: Value) -> Value:
    """`list | join(sep)`."""
    from .strings import after_pieces
    from .text import to_text

    if isinstance(v, Split) and isinstance(sep, Const) and sep.value == v.sep and v.limit < 0:
        return after_pieces(ev, v)
    if isinstance(v, Split) and isinstance(sep, Const) and v.limit < 0:
        return types.string(idioms.replace(ev, ev.to_go(after_pieces(ev, v)), v.sep, str(sep.value)))
    if isinstance(v, ListV):
        result: Value = types.EMPTY
        for n, x in enumerate(v.items):
            if n:
                result = ev.concat(result, sep)
            result = ev.concat(result, to_text(ev, x))
        return result
    if isinstance(v, types.Built) and isinstance(sep, Const) and v.plain and v.of is None:
        return _join_built(ev, v, str(sep.value))
    if isinstance(v, Obj) and v.kind == "list" and isinstance(sep, Const):
        return types.text(types.Block((_join_values(ev, v, str(sep.value)),)))
    if types.is_text(v) and isinstance(v, Const):
        return Const(str(sep.value).join(str(v.value))) if isinstance(sep, Const) else v
    if isinstance(v, types.Undef):
        return types.EMPTY
    if isinstance(v, Obj) and v.kind == "strs" and isinstance(sep, Const):
        return types.text(types.Block((_join_strings(ev, v, str(sep.value)),)))
    if v == types.NONE:
        raise Raised("'NoneType' object is not iterable")
    raise Unsupported("joining this list", ev.line)


def _join_strings(ev: Evaluator, v: Obj, sep: str) -> go.Node:
    loop = ev.fresh()
    between = go.If(go.Atom(go.Index(loop)), (go.Text(sep),))
    return go.Range(loop, v.expr, (between, go.Print(go.Item(loop))))


def _join_values(ev: Evaluator, v: Obj, sep: str) -> go.Node:
    """JSON values as Python prints them, put together."""
    from .text import print_value

    loop = ev.fresh()

    def body() -> Value:
        ev.emit(go.If(go.Atom(go.Index(loop)), (go.Text(sep),)))
        print_value(ev, Obj("any", go.Item(loop)))
        return types.NONE

    run = ev.run(ev.facts, body)
    return go.Range(loop, v.expr, tuple(run.nodes))


def _join_built(ev: Evaluator, v: types.Built, sep: str) -> Value:
    """Every NUL but the last becomes the separator."""

    def join() -> Value:
        return types.string(idioms.replace(ev, _cut(ev, v), "\0", sep))

    return ev.branch(ev.truth(v), join, lambda: types.EMPTY)


def in_built(ev: Evaluator, v: types.Built, needle: Value) -> Test:
    """`x in list` of texts in one text."""
    if v.of is not None:
        raise Unsupported("looking for data in a list that a loop builds", ev.line)
    if not types.is_text(needle) and needle != types.NONE and not isinstance(needle, types.Undef):
        return go.FALSE
    needle = types.marked(needle)
    text = ev.to_go(ev.concat(Const("\0"), v.text))
    wanted = ev.to_go(ev.concat(ev.concat(Const("\0"), needle), Const("\0")))
    found = ev.declare("found", go.Lit(False))
    held = ev.declare("list", text)
    size = ev.declare("wanted", wanted)

    def body(i: go.Expr) -> None:
        rest = go.call("slice", held, i)
        fits = go.negate(go.Atom(go.call("lt", go.call("len", rest), go.call("len", size))))
        same = go.equal(go.call("slice", rest, go.Lit(0), go.call("len", size)), size)
        ev.emit(go.If(go.both(fits, same), (go.Set(found, go.Lit(True)), go.Break())))

    idioms.scan(ev, held, body)
    return go.Atom(found)


def in_strings(ev: Evaluator, v: Obj, needle: Value) -> Test:
    """`x in list of texts`."""
    found = ev.declare("found", go.Lit(False))
    loop = ev.fresh()
    wanted = ev.to_go(needle)
    hit = go.If(go.equal(go.Item(loop), wanted), (go.Set(found, go.Lit(True)),))
    ev.emit(go.Range(loop, v.expr, (hit,)))
    return go.Atom(found)
