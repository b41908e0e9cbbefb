"""The pieces of a text that is split."""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import nodes

from ...ir import nodes as go
from ...ir.nodes import Node, Test
from ...values.callables import LoopVariable
from ...values.choice import choose
from ...values.known import EMPTY, NONE, Const, KnownList, Undef
from ...values.lists import SplitText
from ...values.number import Int, sum_of
from ...values.text import Str, go_text
from ...values.truth import Bool, bool_of
from ...values.value import Value
from .. import idioms
from ..control_flow import Unsupported
from ..loops import attributes_of_loop, counted_by, iteration, uses_loop
from ..ranges import fixpoint
from ..semantics import (
    contains,
    element,
    iterate,
    join,
    length,
    slice_of,
)
from ..state import State
from ..text_search import around, has, held


@length.of(SplitText)
def length_of_pieces(st: State, v: SplitText) -> Value:
    if v.limit >= 0:
        raise Unsupported("the length of a text split with a limit", st.line)
    return count_pieces(st, v)


def count_pieces(st: State, v: SplitText) -> Value:
    """`len(text.split(sep))`."""
    n = st.declare("n", go.Lit(""))

    def body(_piece: go.Expr, _first: Test, _last: Test) -> None:
        st.emit(go.Set(n, go.call("printf", go.Lit("%s."), n)))

    idioms.pieces(st, st.to_go(v.text), v.sep, body)
    return sum_of({go.call("len", n): 1}, -v.skip)


@element.of(SplitText)
def element_of_pieces(st: State, v: SplitText, n: Const | Int) -> Value:
    """`text.split(sep)[at]`."""
    if isinstance(n, Int):
        return _piece_at(st, v, n)
    if not isinstance(n, Const) or not isinstance(n.value, int):
        raise Unsupported("a piece of a split text by an unknown index", st.line)
    at = n.value
    e = st.to_go(v.text)
    if at == -1 and v.limit < 0 and not v.skip:
        return go_text(idioms.after_last(st, e, v.sep))
    if at < 0:
        return _piece_from_end(st, v, at)
    return _piece(st, e, v, at + v.skip)


def _piece(st: State, e: go.Expr, v: SplitText, n: int) -> Value:
    if n == 0:
        return go_text(e if v.limit == 0 else idioms.before_first(st, e, v.sep))
    if 0 <= v.limit < n:
        return Undef()

    def rest() -> Value:
        after = idioms.after_first(st, e, v.sep)
        return _piece(st, after, SplitText(v.text, v.sep, v.limit - 1 if v.limit > 0 else v.limit), n - 1)

    return st.branch(has(st, Str((e,)), Const(v.sep)), rest, lambda: Undef())


def _piece_at(st: State, v: SplitText, key: Int) -> Value:
    """A piece by an index that only shows at run time; past the last it would be undefined."""
    if v.limit >= 0 or v.skip or st.least(key) < 0:
        raise Unsupported("a piece of a split text by an index that may be negative", st.line)
    wanted = st.to_go(key)
    found = st.declare("piece", go.Lit(""))
    n = st.declare("n", go.Lit(""))

    def body(piece: go.Expr, _first: Test, _last: Test) -> None:
        st.emit(go.If(go.equal(go.call("len", n), wanted), (go.Set(found, piece),)))
        st.emit(go.Set(n, go.call("printf", go.Lit("%s."), n)))

    idioms.pieces(st, st.to_go(v.text), v.sep, body)
    return go_text(found)


def _piece_from_end(st: State, v: SplitText, n: int) -> Value:
    """`text.split(sep)[-2]`, and the last pieces of `text.split(sep, 1)`."""
    if v.skip or n < -2 or v.limit not in (-1, 1):
        raise Unsupported("a piece of a split text counted from the end", st.line)
    e = held(st, v.text)
    there, head, tail = around(st, e, v.sep, v.limit < 0, apart=True)
    if n == -1:
        return st.settle(choose(there, go_text(tail), go_text(e)))
    last = idioms.after_last(st, head, v.sep) if v.limit < 0 else head
    return st.settle(choose(there, go_text(last), Undef()))


@slice_of.of(SplitText)
def slice_of_pieces(st: State, v: SplitText, start: Value, stop: Value, step: Value) -> Value:
    bounds = [b.value if isinstance(b, Const) else b for b in (start, stop, step)]
    if bounds[1:] == [None, None] and isinstance(bounds[0], int) and bounds[0] >= 0:
        return SplitText(v.text, v.sep, v.limit, v.skip + bounds[0])
    if bounds == [None, -1, None] and v.limit < 0 and not v.skip:
        return _without_last(st, v)
    raise Unsupported("this slice of a split text", st.line)


def _without_last(st: State, v: SplitText) -> Value:
    """`text.split(sep)[:-1]`."""
    e = held(st, v.text)
    there, head, _ = around(st, e, v.sep, True, apart=True)
    return st.settle(choose(there, SplitText(go_text(head), v.sep), KnownList(())))


@contains.of(SplitText)
def pieces_contain(st: State, v: SplitText, needle: Value) -> Test:
    raise Unsupported("`in` a split text", st.line)


@join.of(SplitText)
def join_pieces(st: State, v: SplitText, sep: Value) -> Value:
    if not isinstance(sep, Const):
        raise Unsupported("the filter join with an unknown separator", st.line)
    if sep.value == v.sep:
        return _after_skipped(st, v) if v.limit < 0 or v.skip <= v.limit else EMPTY
    if v.limit >= 0:
        raise Unsupported("the filter join for a text split with a limit", st.line)
    return go_text(idioms.replace(st, st.to_go(_after_skipped(st, v)), v.sep, str(sep.value)))


def _after_skipped(st: State, v: SplitText) -> Value:
    """`sep.join(text.split(sep)[skip:])`."""
    e = st.to_go(v.text)
    for _ in range(v.skip):
        e = idioms.after_first(st, e, v.sep)
    return go_text(e)


@iterate.of(SplitText)
def iterate_pieces(st: State, v: SplitText, node: nodes.For) -> None:
    over_pieces(st, node, v)


def over_pieces(
    st: State, node: nodes.For, over: SplitText, meant: Callable[[Value], Value] = lambda piece: piece
) -> None:
    """An iteration where the separator is found in the text with one more separator at its end."""
    if over.limit >= 0 or over.skip:
        raise Unsupported("a loop over some of the pieces of a split text", node.lineno)
    sep, cut = over.sep, go.Lit(idioms.size_of(over.sep))
    whole = st.declare("whole", st.to_go(st.concat(over.text, Const(sep))))
    rest = st.declare("rest", whole)
    name = node.target.name if isinstance(node.target, nodes.Name) else "piece"

    counted = None
    if attributes_of_loop(node) - {"", "first", "last"}:
        counted = (st.declare("n", go.Lit("")), count_pieces(st, over))

    def once(loop: int) -> None:
        here = go.call("slice", whole, go.Index(loop))
        hit = idioms.starts_with(here, sep)
        if idioms.overlaps(sep):
            apart = go.negate(go.Atom(go.call("lt", go.call("len", rest), go.call("len", here))))
            hit = go.both(apart, hit, idioms.unmixed(here, sep))

        def run() -> Value:
            size = go.call("len", go.call("slice", rest, go.call("len", here)))
            piece = st.declare(name, go.call("slice", rest, go.Lit(0), size))
            first: Value = Undef("loop.first")
            if uses_loop(node):
                same = go.call("eq", go.call("len", rest), go.call("len", whole))
                first = Bool(go.Atom(st.declare("first", same)))
            last = bool_of(go.equal(go.call("len", here), cut))
            st.assign(rest, go.call("slice", here, cut))
            loop_variable = LoopVariable(loop, None, position=(Undef("loop.index"), first, last))
            with counted_by(st, st.counted or counted):
                iteration(st, node, meant(go_text(piece)), loop_variable)
            return NONE

        st.branch(hit, run, lambda: NONE)

    def build(body: list[Node], loop: int) -> Node:
        return go.Range(loop, go.call("len", whole), tuple(body), index="at", count=True)

    st.require("range_int", "a loop over the pieces of a text")
    fixpoint(st, once, build, node.lineno)
