"""Lists that a template builds, searches and joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import go, idioms, types
from ..go import Test
from ..outcomes import Raised, Unsupported
from ..types import Const, ListV, Obj, Split, Value

if TYPE_CHECKING:
    from ..evaluate import Evaluator


def join_lists(ev: Evaluator, a: Value, b: Value) -> Value:
    """`a + b` of lists."""
    if isinstance(a, ListV) and isinstance(b, ListV):
        return ListV(a.items + b.items)
    if types.is_built(a) and types.is_built(b):
        x, y = types.built(a), types.built(b)
        return types.Built(types.as_str(types.text(*x.text.parts, *y.text.parts)), x.plain and y.plain)
    if isinstance(a, ListV) and not a.items:
        return b
    if isinstance(b, ListV) and not b.items:
        return a
    raise Unsupported("putting together lists of unknown length", ev.line)


def join_texts(ev: Evaluator, v: Value, sep: Value) -> Value:
    """`list | join(sep)`."""
    from .strings import after_pieces
    from .text import to_text

    if isinstance(v, Split) and isinstance(sep, Const) and sep.value == v.sep and v.limit < 0:
        return after_pieces(ev, v)
    if isinstance(v, ListV):
        result: Value = types.EMPTY
        for n, x in enumerate(v.items):
            if n:
                result = ev.concat(result, sep)
            result = ev.concat(result, to_text(ev, x))
        return result
    if isinstance(v, types.Built) and isinstance(sep, Const) and v.plain:
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
        e = ev.to_go(v.text)
        inner = go.call("slice", e, go.Lit(0), go.call("len", go.call("slice", e, go.Lit(1))))
        return types.string(idioms.replace(ev, inner, "\0", sep))

    return ev.branch(ev.truth(v), join, lambda: types.EMPTY)


def in_built(ev: Evaluator, v: types.Built, needle: Value) -> Test:
    """`x in list` of texts in one text."""
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
