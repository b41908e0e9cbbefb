"""Printing values, and texts that statements print."""

from __future__ import annotations

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Lit, Node, Nodes
from ..values.choice import Cond
from ..values.known import Const
from ..values.request import Data, RuntimeValue
from ..values.text import Block, Choice, Part, Str, as_str, parts_of, text_of
from ..values.value import Value, value_vars
from .control_flow import Raised
from .lazy import collected, text_to_go
from .semantics import to_str
from .state import State


def print_value(st: State, v: Value) -> None:
    """`{{ v }}`."""
    v = st.settle(v)
    if isinstance(v, Cond):
        cond = v
        st.either_way(cond.test, lambda: print_value(st, cond.then), lambda: print_value(st, cond.orelse))
        return
    if isinstance(v, RuntimeValue) and v.data is Data.JSON and not st.holding:
        st.require("range_int", "printing a JSON value")
        st.emit(go.Print(ops.PythonStr(v.expr)))
        return
    shown = to_str(st, v)
    if isinstance(shown, Cond):
        print_value(st, shown)
    elif isinstance(shown, (Const, Str)):
        st.emit(*printing(tuple(_known_by_now(st, p) for p in parts_of(shown))))
    else:
        raise Raised("not printable")


def _known_by_now(st: State, p: Part) -> Part:
    """The variable of a text that was worked out before."""
    known: go.Var | None = None
    if isinstance(p, ops.Rewrite):
        known = st.worked_out.get(p)
    elif isinstance(p, Block):
        known = st.worked_texts.get(p, (None,))[0]
    if known and known.id in st.visible():
        return known
    return p


def printing(parts: tuple[Part, ...]) -> Nodes:
    """The statements that print the parts of a text."""
    out: list[Node] = []
    for p in parts:
        if isinstance(p, str):
            out.append(go.Text(p))
        elif isinstance(p, Choice):
            out.append(go.If(p.test, printing(p.then.parts), printing(p.orelse.parts)))
        elif isinstance(p, Block):
            out.extend(p.nodes)
        else:
            out.append(go.Print(p))
    return tuple(out)


def printed_text(st: State, nodes: list[Node]) -> Value:
    """The text that statements print, as a value; statements that only compute are written now."""
    whole = _as_block(st, nodes)
    if whole is not None:
        return text_of(*whole)
    parts: list[Part] = []
    for n in nodes:
        if isinstance(n, (go.Text, go.Print, go.If)) and (found := _as_parts(n)) is not None:
            parts.extend(found)
        elif not prints((n,)):
            changed = {x.var.id for x in go.all_nodes((n,)) if isinstance(x, go.Set)}
            if changed & value_vars(text_of(*parts)):
                parts = [text_to_go(st, as_str(text_of(*parts)))]
            st.emit(n)
        elif _changes_nothing((n,)):
            parts.append(Block((n,)))
        else:
            var = st.declare("text", Lit(""))
            st.emit(*collected(st, (n,), var))
            parts.append(var)
    return text_of(*parts)


def _as_block(st: State, nodes: list[Node]) -> list[Part] | None:
    """Statements that print and change nothing that outlives them, together; texts at their ends apart."""
    if all(_as_parts(n) is not None or not prints((n,)) for n in nodes):
        return None
    own = {n.var.id for n in go.all_nodes(nodes) if isinstance(n, go.Declare)}
    if any(isinstance(n, go.Set) and n.var.id not in own for n in go.all_nodes(nodes)):
        return None
    if any(value_vars(v) & own for v in st.state.values()):
        return None
    start, end = 0, len(nodes)
    while isinstance(nodes[start], go.Text):
        start += 1
    while isinstance(nodes[end - 1], go.Text):
        end -= 1
    head = [n.text for n in nodes[:start] if isinstance(n, go.Text)]
    tail = [n.text for n in nodes[end:] if isinstance(n, go.Text)]
    return [*head, Block(tuple(nodes[start:end])), *tail]


def _as_parts(n: Node) -> list[Part] | None:
    if isinstance(n, go.Text):
        return [n.text]
    if isinstance(n, go.Print):
        return [n.expr]
    if isinstance(n, go.If):
        halves: list[Str] = []
        for block in (n.then, n.orelse):
            parts: list[Part] = []
            for inner in block:
                found = _as_parts(inner)
                if found is None:
                    return None
                parts.extend(found)
            halves.append(as_str(text_of(*parts)))
        return [Choice(n.test, halves[0], halves[1])]
    return None


def prints(nodes: Nodes) -> bool:
    """Whether statements write anything."""
    return any(isinstance(n, (go.Text, go.Print, go.Include)) for n in go.all_nodes(nodes))


def _changes_nothing(nodes: Nodes) -> bool:
    inside = {n.var.id for n in go.all_nodes(nodes) if isinstance(n, go.Declare)}
    return not any(isinstance(n, go.Set) and n.var.id not in inside for n in go.all_nodes(nodes))
