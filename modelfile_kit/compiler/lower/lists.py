"""Lists that a template builds, searches and joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import go, types
from ..go import Test
from ..machine import Raised, Unsupported
from ..types import Const, ListV, Obj, Split, Value

if TYPE_CHECKING:
    from ..evaluate import Evaluator


def join_lists(ev: Evaluator, a: Value, b: Value) -> Value:
    """`a + b` of lists."""
    if isinstance(a, ListV) and isinstance(b, ListV):
        return ListV(a.items + b.items)
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


def in_strings(ev: Evaluator, v: Obj, needle: Value) -> Test:
    """`x in list of texts`."""
    found = ev.declare("found", go.Lit(False))
    loop = ev.fresh()
    wanted = ev.to_go(needle)
    hit = go.If(go.equal(go.Item(loop), wanted), (go.Set(found, go.Lit(True)),))
    ev.emit(go.Range(loop, v.expr, (hit,)))
    return go.Atom(found)
