"""Texts: characters, slices, `in`, truth."""

from __future__ import annotations

from typing import Any

from jinja2 import nodes

from ...ir import nodes as go
from ...ir import operations as ops
from ...ir.nodes import Expr, Test
from ...ir.operations import ImageTags, JsonStyle, TextAfterTags
from ...values.callables import LoopVariable
from ...values.choice import Cond, choose, truth_of_either
from ...values.known import EMPTY, NONE, TRUE, Const, KnownList, Undef
from ...values.lists import SelectionStep
from ...values.number import go_int, is_int, sum_of
from ...values.text import Block, Choice, Part, Str, go_text, is_text, parts_of, text_of
from ...values.truth import bool_of
from ...values.value import Value
from .. import idioms
from ..control_flow import Raised, Unsupported
from ..integers import add, less_than
from ..lazy import text_to_go
from ..loops import iteration, unroll, uses_loop
from ..python_repr import note_escapes
from ..ranges import dynamic
from ..selections import apply
from ..semantics import (
    STR_METHODS,
    call_method,
    contains,
    equals,
    is_sequence,
    item,
    iterate,
    join,
    length,
    methods_of,
    select,
    slice_of,
    to_go,
    to_json,
    to_repr,
    to_str,
    truth,
)
from ..state import State
from ..text_methods import call_method_of_text, format_braces
from ..text_search import has


@methods_of.of(Str, str)
def methods_of_text(st: State, v: Value) -> frozenset[str]:
    return STR_METHODS


@is_sequence.of(Str, str)
def text_is_sequence(st: State, v: Value) -> bool:
    return True


@truth.of(Str)
def truth_of_text(st: State, v: Str) -> Test:
    return go.TRUE if v.nonempty else go.either(*(_truth_of_part(st, p) for p in v.parts))


def _truth_of_part(st: State, p: Part) -> Test:
    if isinstance(p, str):
        return go.TRUE
    if isinstance(p, Choice):
        return truth_of_either(p.test, truth(st, p.then), truth(st, p.orelse))
    if isinstance(p, ImageTags):
        return go.TRUE

    if isinstance(p, ops.ChangeCase):
        p = p.operand
    if isinstance(p, ops.Strip):
        # what is all white space from the start is so to the end
        p = ops.Strip(p.operand, p.chars, right=False)
    if isinstance(p, (Block, TextAfterTags, ops.Rewrite)):
        return go.Atom(text_to_go(st, Str((p,))))
    return go.Atom(p)


@length.of(Str, str)
def length_of_text(st: State, v: Const | Str) -> Value:
    """In characters: printf pads to a width in characters, which tells how many there are."""
    if isinstance(v, Const):
        return Const(len(str(v.value)))
    return go_int(ops.CharacterCount(st.to_go(v)))


@to_go.of(Str)
def str_to_go(st: State, v: Str) -> Expr:
    return text_to_go(st, v)


@to_str.of(Str, str)
def text_to_str(st: State, v: Value) -> Value:
    return v


@to_repr.of(Str)
def text_to_repr(st: State, v: Str) -> tuple[Part, ...]:
    st.require("range_int", "Python's repr()")
    note_escapes(st)
    return (ops.PythonRepr(st.to_go(v)),)


@to_json.of(Str)
def text_to_json(st: State, v: Str, style: JsonStyle, sort: bool) -> tuple[Part, ...]:
    return (ops.ToJson(st.to_go(v)),)


@item.of(Str, str)
def item_of_text(st: State, v: Const | Str, key: Value) -> Value:
    if isinstance(key, Const) and isinstance(v, Const):
        try:
            return Const(v.value[key.value])  # type: ignore[index]
        except (TypeError, IndexError, KeyError):
            return Undef(str(key.value))
    if is_int(key):
        return _character(st, v, key)
    return Undef(str(key.value) if isinstance(key, Const) else "")


def _character(st: State, v: Const | Str, key: Value) -> Value:
    """`text[n]`: the first or last character; others would need counting characters."""
    e = st.to_go(v)
    if isinstance(key, Const) and key.value == 0:
        first = go.call("printf", go.Lit("%.1s"), e)
        return st.settle(choose(st.truth(v), go_text(first, True), Undef()))

    if st.least(key) < 0 and key != Const(-1):
        raise Unsupported("a character of a text by an index that may be negative", st.line)
    after = NONE if key == Const(-1) else add(key, Const(1))
    there = st.truth(v) if key == Const(-1) else st.facts.simplify(less_than(st, key, length(st, v)))
    return st.branch(there, lambda: cut(st, v, key, after, NONE), lambda: Undef())


@slice_of.of(Str, str)
def slice_of_text(st: State, v: Const | Str, start: Value, stop: Value, step: Value) -> Value:
    bounds: list[Any] = [b.value if isinstance(b, Const) else b for b in (start, stop, step)]
    if bounds[2] == 0:
        raise Raised("slice step cannot be zero")
    if isinstance(v, Const) and all(b is None or isinstance(b, int) for b in bounds):
        return Const(str(v.value)[slice(*bounds)])
    return cut(st, v, start, stop, step)


def cut(st: State, v: Value, start: Value, stop: Value, step: Value) -> Value:
    """`text[a:b]`, counted in characters by printf's precision."""
    if step != NONE:
        raise Unsupported("a slice of a text with a step", st.line)
    if start == NONE and isinstance(stop, Const) and isinstance(stop.value, int) and stop.value >= 0:
        return go_text(go.call("printf", go.Lit(f"%.{stop.value}s"), st.to_go(v)))
    parts = list(parts_of(v))  # type: ignore[arg-type]
    if start == NONE and isinstance(stop, Const) and isinstance(stop.value, int):
        last = parts[-1]
        if isinstance(last, str) and len(last) >= -stop.value:
            return text_of(*parts[:-1], last[: stop.value])
    if stop == NONE and isinstance(start, Const) and isinstance(start.value, int) and start.value >= 0:
        e = st.to_go(v)
        head = go.call("printf", go.Lit(f"%.{start.value}s"), e)
        return go_text(go.call("slice", e, go.call("len", head)))
    for b in (start, stop):
        if not (b == NONE or is_int(b)):
            raise Unsupported("a slice of a text by bounds that are no whole numbers", st.line)
    e = st.to_go(v)
    if not isinstance(e, (go.Var, go.Field)):
        e = st.declare("text", e)
    return _between(st, e, start, stop)


def _between(st: State, e: go.Expr, start: Value, stop: Value) -> Value:
    """`text[a:b]` for whole numbers: what is before the end, less what is before the beginning."""
    low = _from_left(st, e, start) if start != NONE else None
    if stop != NONE:
        high = _from_left(st, e, stop)
        e = go.call("printf", go.Lit("%.*s"), st.to_go(high), e)
    if low is None:
        return go_text(e)
    if stop != NONE:
        e = st.declare("head", e)
    before = go.call("printf", go.Lit("%.*s"), st.to_go(low), e)
    return go_text(go.call("slice", e, go.call("len", before)))


def _from_left(st: State, e: go.Expr, bound: Value) -> Value:
    """A bound counted from the beginning: below zero it counts from the end, and stops at the beginning."""
    if st.least(bound) >= 0:
        return bound
    from_end = add(go_int(ops.CharacterCount(e)), bound)

    def backwards() -> Value:
        outside = st.facts.simplify(less_than(st, from_end, Const(0)))
        return st.branch(outside, lambda: Const(0), lambda: from_end)

    return st.branch(st.facts.simplify(less_than(st, bound, Const(0))), backwards, lambda: bound)


@contains.of(Str, str)
def text_contains(st: State, v: Const | Str, needle: Value) -> Test:
    if not is_text(needle):
        raise Raised("'in <string>' requires string as left operand")
    return has(st, v, needle)


@equals.of(Str, str)
def text_equals(st: State, v: Const | Str, other: Value) -> Test:
    if not isinstance(other, (Const, Str)) or not is_text(other):
        return go.FALSE
    x, y = parts_of(v), parts_of(other)
    while x and y and x[0] == y[0]:
        x, y = x[1:], y[1:]
    while x and y and x[-1] == y[-1]:
        x, y = x[:-1], y[:-1]
    if not x and not y:
        return go.TRUE
    left, right = text_of(*x), text_of(*y)
    if isinstance(left, Const) and isinstance(right, Const):
        return go.Truth(left.value == right.value)
    if isinstance(left, Const):
        left, right = right, left
    if right == EMPTY:
        return go.negate(truth(st, left))
    if isinstance(right, Const) and _never_written(left, str(right.value)):
        return go.FALSE
    return go.equal(st.to_go(left), st.to_go(right))


def _never_written(v: Value, text: str) -> bool:
    """Whether Python's str() or repr() of a JSON value, perhaps in another case, cannot be this text."""
    if not isinstance(v, Str) or len(v.parts) != 1:
        return False
    e = v.parts[0]
    while isinstance(e, ops.ChangeCase):
        e = e.operand
    if isinstance(e, ops.PythonRepr):
        return never_printed(text) and text[:1] not in "'\""
    return isinstance(e, ops.PythonStr) and never_printed(text)


def never_printed(text: str) -> bool:
    """Whether Python's str() of a JSON value that is no text cannot be this, in whatever case."""
    return (
        text.lower() not in ("true", "false", "none", "nan", "infinity") and text[:1] not in "[{-0123456789"
    )


@iterate.of(str)
def iterate_known_text(st: State, v: Const, node: nodes.For) -> None:
    unroll(st, node, tuple(Const(c) for c in str(v.value)))


@iterate.of(Str)
def iterate_text(st: State, v: Str, node: nodes.For) -> None:
    """The characters of an unknown text: an iteration where one begins."""
    if _ignores_characters(st, node):
        return
    text = st.declare("text", st.to_go(v))
    name = node.target.name if isinstance(node.target, nodes.Name) else "character"
    count = st.declare("n", go.Lit("")) if uses_loop(node) else None

    def once(loop: int) -> None:
        here = go.call("slice", text, go.Index(loop))
        c = st.declare(name, go.call("printf", go.Lit("%.1s"), here))

        def run() -> Value:
            place = None
            if count:
                st.assign(count, go.call("printf", go.Lit("%s."), count))
                at = go.call("len", count)
                last = bool_of(go.equal(go.call("len", here), go.call("len", c)))
                place = (sum_of({at: 1}, -1), bool_of(go.equal(at, go.Lit(1))), last)
            size = go_int(ops.CharacterCount(text))
            iteration(st, node, go_text(c, True), LoopVariable(loop, None, position=place, length=size))
            return NONE

        st.branch(go.negate(idioms.continues(c)), run, lambda: NONE)

    st.require("range_int", "a loop over the characters of a text")
    dynamic(st, node, go.call("len", text), once, item=name, count=True, index="at")


def _ignores_characters(st: State, node: nodes.For) -> bool:
    """Whether the body does nothing for any character: it looks for the parts of a content."""
    character = go_text(go.Var(st.fresh(), "character"), True)

    def inside() -> Value:
        loop = LoopVariable(0, None, position=(Const(0), TRUE, TRUE))
        iteration(st, node, character, loop)
        return NONE

    before, notes = dict(st.state), list(st.diagnostics)
    run = st.run(st.facts, inside)
    st.diagnostics[:] = notes
    return not (run.nodes or run.dead or run.state != before)


@select.of(Str, str)
def select_from_text(st: State, v: Value, step: SelectionStep) -> Value:
    # characters have no attributes: what holds for one unknown character holds for all
    test, _ = apply(st, (step,), go_text(go.Var(st.fresh(), "character"), True))
    if test == go.FALSE:
        return KnownList(())
    raise Unsupported("selecting characters of a text", st.line)


@join.of(str)
def join_characters(st: State, v: Const, sep: Value) -> Value:
    return Const(str(sep.value).join(str(v.value))) if isinstance(sep, Const) else v


@call_method.of(Str, str)
def call_text_method(
    st: State, v: Const | Str, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """An argument that is a choice between texts parts the paths."""
    if name == "format":
        return format_braces(st, v, args, kwargs)
    if name == "join" and len(args) == 1:
        return st.lift(args[0], lambda x: join(st, x, v))
    for n, a in enumerate(args):
        if isinstance(a, Cond):

            def chosen(x: Value, n: int = n) -> Value:
                return call_text_method(st, v, name, [*args[:n], x, *args[n + 1 :]], kwargs)

            return st.lift(a, chosen)
    return call_method_of_text(st, name, v, args, kwargs)
