"""What a selection keeps of a list."""

from __future__ import annotations

from jinja2 import nodes

from ...ir import nodes as go
from ...ir.nodes import Test
from ...ir.operations import JsonStyle
from ...values.known import NONE, Const, Undef
from ...values.lists import Selection, SelectionStep
from ...values.number import Int, go_int
from ...values.request import ELEMENTS, RuntimeValue
from ...values.text import Block, Choice, Part, Str, go_text, text_of
from ...values.value import Value
from ..control_flow import Raised, Unsupported
from ..loops import counting
from ..selections import apply, each
from ..semantics import (
    as_list,
    element,
    iterate,
    join,
    json_parts,
    length,
    select,
    to_json,
    to_text,
    truth,
)
from ..state import State
from .go_list import json_of_each


@truth.of(Selection)
def truth_of_selection(st: State, v: Selection) -> Test:
    found = st.declare("found", go.Lit(False))
    each(st, v, lambda _v, _l: st.assign(found, go.Lit(True)))
    return go.Atom(found)


@length.of(Selection)
def length_of_selection(st: State, v: Selection) -> Value:
    if not v.listed:
        raise Raised("object of type 'generator' has no len()")
    n = st.declare("n", go.Lit(""))
    each(st, v, lambda _v, _l: st.assign(n, go.call("printf", go.Lit("%s."), n)))
    return go_int(go.call("len", n))


@to_json.of(Selection)
def selection_to_json(st: State, v: Selection, style: JsonStyle, sort: bool) -> tuple[Part, ...]:
    if not v.listed:
        raise Raised("Object of type generator is not JSON serializable")
    if isinstance(v.over, RuntimeValue) and v.over.data in ELEMENTS:
        written = json_of_each(st, v.over, style, sort, v.steps)
        if written is not None:
            return (Block((written,)),)
    return _json_of_kept(st, v, style, sort)


def _json_of_kept(st: State, v: Selection, style: JsonStyle, sort: bool) -> tuple[Part, ...]:
    """The list's text, put together element by element: whether one is kept, and what becomes of it, takes
    statements of its own."""
    inner = style.deeper()
    text = st.declare("text", go.Lit(""))
    begun = st.declare("begun", go.Lit(False))
    between = Choice(go.Atom(begun), Str((style.comma + inner.newline,)), Str(()))

    def add(value: Value, _loop: int) -> None:
        shown = text_of(text, between, *json_parts(st, value, inner, sort))
        st.assign(text, st.to_go(shown))
        st.assign(begun, go.Lit(True))

    each(st, v, add)
    whole = Str(("[" + inner.newline, text, style.newline + "]"))
    return (Choice(go.Atom(begun), whole, Str(("[]",))),)


@join.of(Selection)
def join_selection(st: State, v: Selection, sep: Value) -> Value:
    """The separator stands before all that are kept but the first."""
    text = st.declare("text", go.Lit(""))
    begun = st.declare("begun", go.Lit(False))
    between = Choice(go.Atom(begun), Str(st.parts(sep)), Str(()))

    def add(value: Value, _loop: int) -> None:
        shown = text_of(text, between, *st.parts(to_text(st, value)))
        st.assign(text, st.to_go(shown))
        st.assign(begun, go.Lit(True))

    each(st, v, add)
    return go_text(text)


@as_list.of(Selection)
def selection_as_list(st: State, v: Selection) -> Value:
    return Selection(v.over, v.steps, True)


@select.of(Selection)
def select_again(st: State, v: Selection, step: SelectionStep) -> Value:
    return Selection(v.over, (*v.steps, step))


@iterate.of(Selection)
def iterate_selection(st: State, v: Selection, node: nodes.For) -> None:
    """The test stands inside the loop over all."""
    saved, st.selection = st.selection, lambda element: apply(st, v.steps, element)
    try:
        counting(st, node, lambda n: iterate(st, v.over, n))
    finally:
        st.selection = saved


@element.of(Selection)
def element_of_selection(st: State, v: Selection, n: Const | Int) -> Value:
    """A generator has no elements by index."""
    return _pick(st, v, n) if v.listed else Undef()


def _pick(st: State, q: Selection, key: Value) -> Value:
    """The first or last that is kept."""
    if key not in (Const(0), Const(-1)):
        raise Unsupported("an element of a filtered list other than the first or last", st.line)
    rep = None
    held: list[Value] = []

    def note(value: Value, _loop: int) -> None:
        held.append(value)

    def look() -> Value:
        each(st, q, note)
        return NONE

    probe = st.run(st.facts, look)
    if len(held) != 1 or probe.dead:
        raise Unsupported(f"an element of a filtered list from {q.over.description}", st.line)
    rep = st.new_rep("last" if key == Const(-1) else "first", [held[0], Undef()])
    st.declare_rep(rep, Undef())
    empty = st.truth(st.lift(st.value_of(rep), lambda x: Const(isinstance(x, Undef))))

    def keep(value: Value, _loop: int) -> None:
        def store() -> Value:
            st.store(rep, value)
            return NONE

        if key == Const(-1):
            store()
        else:
            st.branch(empty, store, lambda: NONE)

    each(st, q, keep)
    return st.value_of(rep)
