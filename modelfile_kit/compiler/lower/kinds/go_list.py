"""Lists of Ollama's request: messages, calls, tools, texts, JSON values."""

from __future__ import annotations

from typing import Any

from jinja2 import nodes

from ...ir import nodes as go
from ...ir.nodes import Lit, Node, Test, call
from ...ir.operations import JsonStyle
from ...values.callables import LoopVariable
from ...values.choice import choose
from ...values.known import Const, Undef
from ...values.lists import SelectionStep
from ...values.number import Int, go_int
from ...values.request import ELEMENT_NAMES, ELEMENTS, Data, RuntimeValue, element_value
from ...values.text import Block, Choice, Part, Str, as_str, text_of
from ...values.value import Value
from ..control_flow import Unsupported
from ..integers import less_than
from ..loops import iteration
from ..printing import printing
from ..ranges import dynamic
from ..selections import apply
from ..semantics import (
    contains,
    element,
    iterate,
    join,
    json_parts,
    length,
    representation,
    slice_of,
    to_json,
    to_repr,
    truth,
)
from ..state import State
from ..structs import note_order


@length.of(*ELEMENTS)
def length_of_go_list(st: State, v: RuntimeValue) -> Value:
    return go_int(go.call("len", v.expr))


@truth.of(Data.MESSAGES)
def truth_of_messages(st: State, v: RuntimeValue) -> Test:
    return go.TRUE if v.expr == go.Root("Messages") else go.Atom(v.expr)


@element.of(*ELEMENTS)
def element_of_go_list(st: State, v: RuntimeValue, n: Const | Int) -> Value:
    if v.reverse:
        raise Unsupported("an element of a reversed list", st.line)
    if isinstance(n, Const):
        at = int(n.value)  # type: ignore[arg-type]
        if at >= 0:
            found = element_value(v.data, go.call("index", v.expr, go.Lit(at)))
        else:
            last = go.call("len", go.call("slice", v.expr, go.Lit(-at)))
            found = element_value(v.data, go.call("index", v.expr, last))
        return st.settle(
            choose(st.facts.simplify(_longer_than(v, at if at >= 0 else -at - 1)), found, Undef())
        )
    assert isinstance(n, Int)
    if len(n.terms) == 1:
        (e, factor) = n.terms[0]
        if isinstance(e, go.Index) and factor == 1 and st.loop_over.get(e.loop) == v.expr:
            return _neighbour(st, v, e, n.const)
    if n.const > 0 and st.least(n) >= 0:
        inside = go.Atom(go.call("lt", st.to_go(n), go.call("len", v.expr)))
        found = element_value(v.data, go.call("index", v.expr, st.to_go(n)))
        return st.settle(choose(st.facts.simplify(inside), found, Undef()))
    if st.least(n) < 0:
        # Not by the Go expression for n: one that is cut from a list ends in an error below 0.
        negative = st.facts.simplify(less_than(st, n, Const(0)))
        last = go.call("index", v.expr, go.call("len", go.call("slice", v.expr, go.Lit(1))))
        if st.least(n) < -1:
            raise Unsupported("an element by an index below -1", st.line)
        return st.branch(
            negative,
            lambda: element_value(v.data, last),
            lambda: element_value(v.data, go.call("index", v.expr, st.to_go(n))),
        )
    return element_value(v.data, go.call("index", v.expr, st.to_go(n)))


def _longer_than(v: RuntimeValue, n: int) -> go.Test:
    """Whether the list has an element at index n."""
    base, start = _cut_from(v.expr)
    n += start
    if n == 0 and (base == go.Root("Messages") or isinstance(base, go.Field)):
        return go.TRUE
    if n == 0:
        return go.Atom(base)
    return go.Atom(go.call("lt", go.Lit(n), go.call("len", base)))


def _cut_from(e: go.Expr) -> tuple[go.Expr, int]:
    """The list that `slice list n` is cut from, and n; the expression itself and 0 for others."""
    if isinstance(e, go.Call) and e.fn == "slice" and len(e.args) == 2 and isinstance(e.args[1], go.Lit):
        return e.args[0], int(e.args[1].value)
    return e, 0


def _neighbour(st: State, v: RuntimeValue, i: go.Index, offset: int) -> Value:
    here = go.call("slice", v.expr, i)
    if offset == 0:
        if i.loop not in st.loop_items:
            return element_value(v.data, go.call("index", v.expr, i))
        return element_value(v.data, go.Item(i.loop, st.loop_items[i.loop]))
    if offset > 0:
        found = element_value(v.data, go.call("index", here, go.Lit(offset)))
        more: go.Test = go.Atom(go.call("lt", go.Lit(offset), go.call("len", here)))
        if offset == 1:
            more = go.negate(go.equal(go.call("len", here), go.Lit(1)))
        return st.settle(choose(st.facts.simplify(more), found, Undef()))
    if offset == -1:
        before = go.call("index", v.expr, go.call("len", go.call("slice", v.expr, go.Lit(1), i)))
        last = go.call("index", v.expr, go.call("len", go.call("slice", v.expr, go.Lit(1))))
        first = st.facts.simplify(go.equal(i, go.Lit(0)))
        return st.settle(choose(first, element_value(v.data, last), element_value(v.data, before)))
    raise Unsupported("an element more than one before the current one", st.line)


@slice_of.of(*ELEMENTS)
def slice_of_go_list(st: State, v: RuntimeValue, start: Value, stop: Value, step: Value) -> Value:
    bounds: list[Any] = [b.value if isinstance(b, Const) else b for b in (start, stop, step)]
    low_bound, high_bound, stride = bounds
    if stride == -1 and low_bound is None and high_bound is None:
        return RuntimeValue(v.data, v.expr, not v.reverse)
    if stride not in (None, 1) or v.reverse:
        raise Unsupported("a slice of a list with a step", st.line)
    low = _bound(st, v, low_bound, 0)
    if high_bound is None:
        if low == go.Lit(0):
            return v
        return RuntimeValue(v.data, _cut(st, v, low, None))
    high = _bound(st, v, high_bound, None)
    return RuntimeValue(v.data, _cut(st, v, low, high))


def _bound(st: State, v: RuntimeValue, b: Any, default: int | None) -> go.Expr:
    if b is None:
        assert default is not None
        return go.Lit(default)
    if isinstance(b, int):
        if b >= 0:
            return go.Lit(b)
        return go.call("len", go.call("slice", v.expr, go.Lit(-b)))
    if isinstance(b, Int):
        if st.least(b) < 0:
            raise Unsupported("a slice whose bound may be negative", st.line)
        return st.to_go(b)
    raise Unsupported("a slice by these bounds", st.line)


def _cut(st: State, v: RuntimeValue, low: go.Expr, high: go.Expr | None) -> go.Expr:
    """Go's slice; Python forgives bounds past the end, Go does not."""
    base = v.expr
    if high is None and isinstance(low, go.Lit):
        base, start = _cut_from(base)
        low = go.Lit(start + int(low.value))
    return go.Call("slice", (base, low) if high is None else (base, low, high))


@iterate.of(*ELEMENTS)
def iterate_go_list(st: State, v: RuntimeValue, node: nodes.For) -> None:
    name = node.target.name if isinstance(node.target, nodes.Name) else "item"

    def once(loop: int) -> None:
        st.loop_over[loop] = v.expr
        st.loop_items[loop] = name
        if v.reverse:
            at = go.call(
                "len",
                go.call(
                    "slice",
                    v.expr,
                    go.call("len", go.call("printf", go.Lit("%*s."), go.Index(loop), go.Lit(""))),
                ),
            )
            element = element_value(v.data, go.call("index", v.expr, at))
        else:
            element = element_value(v.data, go.Item(loop, name))
        iteration(st, node, element, LoopVariable(loop, v.expr, v.reverse, data=v.data))

    dynamic(st, node, v.expr, once, item=name, count=False)


@contains.of(Data.TEXTS)
def texts_contain(st: State, v: RuntimeValue, needle: Value) -> Test:
    """`x in list of texts`."""
    found = st.declare("found", go.Lit(False))
    loop = st.fresh()
    wanted = st.to_go(needle)
    hit = go.If(go.equal(go.Item(loop), wanted), (go.Set(found, go.Lit(True)),))
    st.emit(go.Range(loop, v.expr, (hit,)))
    return go.Atom(found)


@join.of(Data.TEXTS)
def join_texts(st: State, v: RuntimeValue, sep: Value) -> Value:
    if not isinstance(sep, Const):
        raise Unsupported("the filter join with an unknown separator", st.line)
    loop = st.fresh()
    between = go.If(go.Atom(go.Index(loop)), (go.Text(str(sep.value)),))
    return text_of(Block((go.Range(loop, v.expr, (between, go.Print(go.Item(loop)))),)))


@to_json.of(Data.TOOLS, Data.CALLS)
def objects_to_json(st: State, v: RuntimeValue, style: JsonStyle, sort: bool) -> tuple[Part, ...]:
    written = json_of_each(st, v, style, sort)
    assert written is not None, "nothing is filtered or mapped"
    return (Block((written,)),)


def json_of_each(
    st: State, v: RuntimeValue, style: JsonStyle, sort: bool, steps: tuple[SelectionStep, ...] = ()
) -> Node | None:
    """A JSON list of elements, one after the other; None where steps take statements or leave some out."""
    inner = style.deeper()
    loop = st.fresh()
    with st.capture_apart() as outside:
        kept, element = apply(st, steps, element_value(v.data, go.Item(loop, ELEMENT_NAMES[v.data])))
        parts = json_parts(st, element, inner, sort)
    if steps and (outside or kept != go.TRUE):
        return None
    st.emit(*outside)
    first = Str(("[" + inner.newline,))
    between = Choice(go.equal(go.Index(loop), Lit(0)), first, Str((style.comma + inner.newline,)))
    last = go.equal(call("len", call("slice", v.expr, go.Index(loop))), Lit(1))
    close = Choice(last, Str((style.newline + "]",)), Str(()))
    body = printing(as_str(text_of(between, *parts, close)).parts)
    return go.Range(loop, v.expr, body, item=ELEMENT_NAMES[v.data])


@to_repr.of(Data.TOOLS, Data.CALLS)
def objects_to_repr(st: State, v: RuntimeValue) -> tuple[Part, ...]:
    note_order(st, Data.TOOLS)
    return (Block((_repr_of_each(st, v),)),)


def _repr_of_each(st: State, v: RuntimeValue) -> go.Node:
    """A list of tools or calls, one after the other."""
    loop = st.fresh()
    shown = representation(st, element_value(v.data, go.Item(loop, ELEMENT_NAMES[v.data])))
    between = Choice(go.equal(go.Index(loop), Lit(0)), Str(("[",)), Str((", ",)))
    last = go.equal(call("len", call("slice", v.expr, go.Index(loop))), Lit(1))
    close = Choice(last, Str(("]",)), Str(()))
    body = printing(as_str(text_of(between, *shown, close)).parts)
    return go.Range(loop, v.expr, body, item=ELEMENT_NAMES[v.data])
