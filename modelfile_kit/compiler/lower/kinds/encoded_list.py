"""Lists that a loop builds, kept in one text."""

from __future__ import annotations

from jinja2 import nodes

from ...ir import nodes as go
from ...ir.nodes import Test
from ...values.known import EMPTY, NONE, Const, Undef
from ...values.lists import MARK, EncodedList, SplitText, marked
from ...values.number import Int, sum_of
from ...values.request import element_value
from ...values.text import Str, go_text, is_text
from ...values.value import Value
from .. import idioms
from ..control_flow import Unsupported
from ..semantics import (
    contains,
    element,
    iterate,
    join,
    length,
    truth,
)
from ..state import State
from .split_text import count_pieces, over_pieces


@truth.of(EncodedList)
def truth_of_encoded(st: State, v: EncodedList) -> Test:
    return truth(st, v.text)


@length.of(EncodedList)
def length_of_encoded(st: State, v: EncodedList) -> Value:
    """How many elements a list has that a loop builds."""
    pieces = count_pieces(st, SplitText(v.text, MARK))
    assert isinstance(pieces, Int)
    return sum_of(dict(pieces.terms), pieces.const - 1)


@element.of(EncodedList)
def element_of_encoded(st: State, v: EncodedList, n: Const | Int) -> Value:
    """`list[n]` from its beginning, and `list[-1]`."""
    if not v.plain or not isinstance(n, Const) or not isinstance(n.value, int) or n.value < -1:
        raise Unsupported("this element of a list that a loop builds", st.line)

    def inside() -> Value:
        found = element(st, SplitText(go_text(_cut(st, v)), MARK), n)
        return st.lift(found, lambda x: _decoded(v, x))

    return st.branch(st.truth(v), inside, lambda: Undef())


def _decoded(v: EncodedList, piece: Value) -> Value:
    """What a piece of the list's text stands for."""
    if v.of is None or isinstance(piece, Undef):
        return piece

    assert isinstance(piece, Str) and len(piece.parts) == 1
    place = go.call("len", piece.parts[0])  # type: ignore[arg-type]
    return element_value(v.of.data, go.call("index", v.of.expr, place))


def _cut(st: State, v: EncodedList) -> go.Expr:
    """The text of a list without the mark at its end."""
    e = st.to_go(v.text)
    return go.call("slice", e, go.Lit(0), go.call("len", go.call("slice", e, go.Lit(idioms.size_of(MARK)))))


@join.of(EncodedList)
def join_encoded(st: State, v: EncodedList, sep: Value) -> Value:
    """Every mark but the last becomes the separator."""
    if not isinstance(sep, Const) or not v.plain or v.of is not None:
        raise Unsupported("the filter join for this list that a loop builds", st.line)

    def joined() -> Value:
        return go_text(idioms.replace(st, _cut(st, v), MARK, str(sep.value)))

    return st.branch(st.truth(v), joined, lambda: EMPTY)


@contains.of(EncodedList)
def encoded_contains(st: State, v: EncodedList, needle: Value) -> Test:
    """`x in list` of texts in one text."""
    if v.of is not None:
        raise Unsupported("`in` a list of the request's data that a loop builds", st.line)
    if not is_text(needle) and needle != NONE and not isinstance(needle, Undef):
        return go.FALSE
    needle = marked(needle)
    text = st.to_go(st.concat(Const(MARK), v.text))
    wanted = st.to_go(st.concat(st.concat(Const(MARK), needle), Const(MARK)))
    found = st.declare("found", go.Lit(False))
    held = st.declare("list", text)
    size = st.declare("wanted", wanted)

    def body(i: go.Expr) -> None:
        rest = go.call("slice", held, i)
        fits = go.negate(go.Atom(go.call("lt", go.call("len", rest), go.call("len", size))))
        same = go.equal(go.call("slice", rest, go.Lit(0), go.call("len", size)), size)
        st.emit(go.If(go.both(fits, same), (go.Set(found, go.Lit(True)), go.Break())))

    idioms.scan(st, held, body)
    return go.Atom(found)


@iterate.of(EncodedList)
def iterate_encoded(st: State, v: EncodedList, node: nodes.For) -> None:
    if not v.plain:
        raise Unsupported("a loop over a list with undefined elements", node.lineno)

    def inside() -> None:
        pieces = SplitText(go_text(_cut(st, v)), MARK)
        over_pieces(st, node, pieces, lambda piece: _decoded(v, piece))

    st.either_way(st.truth(v), inside)
