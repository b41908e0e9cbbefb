"""Texts that Go has no function for: a stripped text, another case, JSON as Python writes it.

They are kept as they are. Printed, they become a defined template; where the text itself is asked for,
statements work it out.
"""

from __future__ import annotations

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Expr, Lit, Node, Nodes
from ..ir.operations import ImageTags, TextAfterTags
from ..values.choice import Cond
from ..values.text import Block, Choice, Part, Str, text_of
from ..values.value import Value, value_vars
from . import idioms
from .control_flow import Again
from .images import tags_to_go, text_after_tags
from .json_text import rewriting
from .python_repr import as_python, printing_any
from .state import State
from .variable_storage import EXPRESSIONS


def unworked(st: State, v: Str) -> Expr:
    """One expression for a text that may still be a lazy call."""
    if len(v.parts) == 1 and isinstance(v.parts[0], EXPRESSIONS):
        return v.parts[0]
    return text_to_go(st, v)


def text_to_go(st: State, v: Str) -> Expr:
    """One Go expression for a text."""
    values = [_part_to_go(st, p) for p in v.parts]
    if len(values) == 1:
        return values[0]
    form, args = "", []
    for e in values:
        if isinstance(e, Lit):
            form += str(e.value).replace("%", "%%")
        else:
            form += "%s"
            args.append(e)
    return (
        go.Call("printf", (Lit(form), *args))
        if args
        else Lit("".join(str(e.value) for e in values if isinstance(e, Lit)))
    )


def _part_to_go(st: State, p: Part) -> Expr:
    if isinstance(p, str):
        return Lit(p)
    if isinstance(p, Choice):
        return st.in_variable("text", Cond(p.test, _plain(p.then), _plain(p.orelse)))
    if isinstance(p, Block):
        return _worked_text(st, p)
    if isinstance(p, (TextAfterTags, ImageTags)):
        return (text_after_tags if isinstance(p, TextAfterTags) else tags_to_go)(st, p.operand)
    return work_out(st, p) if isinstance(p, ops.Rewrite) else p


def _worked_text(st: State, block: Block) -> go.Var:
    """The variable that holds what a block prints."""
    known = st.worked_texts.get(block)
    if known and known[0].id in st.visible():
        return known[0]
    var = collect(st, block.nodes)
    st.worked_texts[block] = (var, value_vars(Str((block,))))
    return var


def _plain(s: Str) -> Value:
    return text_of(*s.parts, nonempty=s.nonempty)


def work_out(st: State, e: ops.Rewrite) -> Expr:
    """Statements that work a text out; the answer is a variable."""
    known = st.worked_out.get(e)
    if known and known.id in st.visible():
        return known
    var = rewritten(st, e)
    st.worked_out[e] = var
    return var


def rewritten(st: State, e: ops.Rewrite) -> go.Var:
    """The same, whether or not it was worked out before."""
    inner = work_out(st, e.operand) if isinstance(e.operand, ops.Rewrite) else e.operand
    if isinstance(e, ops.ToJson):
        return collect(st, rewriting(st, inner, e.style))
    if isinstance(e, ops.PythonRepr):
        return collect(st, as_python(st, inner))
    if isinstance(e, ops.PythonStr):
        return collect(st, printing_any(st, inner))
    if isinstance(e, ops.ChangeCase):
        if e.case == "title":
            return idioms.title(st, inner)
        if e.case == "titlewords":
            return idioms.title_words(st, inner)
        return idioms.change_case(st, inner, e.case == "upper")
    assert isinstance(e, ops.Strip)
    rule = {"strip": idioms.strip, "lstrip": idioms.lstrip, "rstrip": idioms.rstrip}[e.method]
    return rule(st, inner, e.chars)


def collect(st: State, nodes: Nodes) -> go.Var:
    """Runs statements and keeps what they print in a variable."""
    var = st.declare("text", Lit(""))
    st.emit(*collected(st, nodes, var))
    return var


def collected(st: State, nodes: Nodes, var: go.Var) -> Nodes:
    out: list[Node] = []
    for n in nodes:
        if isinstance(n, go.Text):
            out.append(go.Set(var, go.call("printf", Lit("%s" + n.text.replace("%", "%%")), var)))
        elif isinstance(n, go.Print):
            if isinstance(n.expr, (ops.Rewrite, ops.ImageTags, ops.TextAfterTags)):
                out.extend(_collected_lazy(st, n.expr, var))
                continue
            out.append(go.Set(var, go.call("printf", Lit("%s%s"), var, n.expr)))
        elif isinstance(n, go.If):
            out.append(go.If(n.test, collected(st, n.then, var), collected(st, n.orelse, var)))
        elif isinstance(n, go.Range):
            out.append(go.Range(n.loop, n.over, collected(st, n.body, var), n.item, n.index, n.count))
        elif isinstance(n, go.Include):
            raise Again(n.name.partition(" ")[0])
        else:
            out.append(n)
    return tuple(out)


def _collected_lazy(st: State, e: go.Operation, var: go.Var) -> list[Node]:
    """The statements of an operation inside a block, appending its text to the variable."""
    with st.capture_apart() as written:
        found = _part_to_go(st, e)
    return [*written, go.Set(var, go.call("printf", Lit("%s%s"), var, found))]


def name_of(e: ops.Rewrite) -> str:
    """The name of the template that prints an operation's text."""
    if isinstance(e, ops.ToJson):
        style = e.style
        if style == ops.JsonStyle():
            return "tojson"
        known = [f"indent={style.indent}"] if style.indent else [f"{style.comma}{style.colon}"]
        if style.base or style.depth:
            known.append(f"from {style.base + style.indent * style.depth}")
        return f"tojson {' '.join(known)}"
    if isinstance(e, ops.ChangeCase):
        return e.case
    if isinstance(e, ops.Strip):
        chars = "newlines" if e.chars == "\n" else e.chars
        return e.method if chars is None else f"{e.method} {chars}"
    return "repr" if isinstance(e, ops.PythonRepr) else "str"


def defined_templates(st: State, nodes: Nodes) -> tuple[Nodes, dict[str, Nodes]]:
    """Prints of operations that Go lacks become defined templates; also answers these."""
    bodies: dict[str, Nodes] = {}

    def visit(block: Nodes) -> Nodes:
        out: list[Node] = []
        for n in block:
            if isinstance(n, go.Print) and isinstance(n.expr, ops.Rewrite):
                chain = [n.expr]
                while isinstance(inner := chain[-1].operand, ops.Rewrite):
                    chain.append(inner)
                name = " of ".join(map(name_of, chain))
                if name not in bodies:
                    bodies[name] = _body(st, chain)
                out.append(go.Include(name, inner, n.origin))
            elif isinstance(n, go.If):
                out.append(go.If(n.test, visit(n.then), visit(n.orelse), n.origin))
            elif isinstance(n, go.Range):
                out.append(go.Range(n.loop, n.over, visit(n.body), n.item, n.index, n.count, n.origin))
            else:
                out.append(n)
        return tuple(out)

    return visit(nodes), bodies


def _body(st: State, chain: list[ops.Rewrite]) -> Nodes:
    with st.capture_apart() as written:
        last = _print_of(st, chain)
    return (*written, *last)


def _print_of(st: State, chain: list[ops.Rewrite]) -> Nodes:
    """The statements that print a chain of operations; others may have been written before them."""
    e = chain[0]
    if len(chain) > 1:
        inner: Expr = st.declare("text", go.Dot())
        for c in reversed(chain):
            inner = c.on(inner)
        assert isinstance(inner, ops.Rewrite)
        shown = work_out(st, inner)
        return (go.Print(shown),)
    if isinstance(e, ops.ToJson):
        return rewriting(st, go.Dot(), e.style)
    if isinstance(e, ops.PythonRepr):
        return as_python(st, go.Dot())
    if isinstance(e, ops.PythonStr):
        return printing_any(st, go.Dot())
    # the dot is a number inside `range`, so it gets a name first
    whole = st.declare("text", go.Dot())
    var = rewritten(st, e.on(whole))
    return (go.Print(var),)
