"""Texts: str(), printing, and texts of several parts as one Go expression.

Some texts (a stripped one, JSON) stay operations that Go does not have (see `ir/operations.py`). Printed as
they are they become a defined template; where the text itself is asked for, statements work it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Expr, Lit, Node, Nodes
from ..values import types
from ..values.types import Const, DictV, ListV, Obj, Str, Value
from . import idioms
from .control_flow import Again, Raised, Unsupported
from .variable_storage import EXPRESSIONS

if TYPE_CHECKING:
    from .evaluate import Evaluator


def to_text(ev: Evaluator, v: Value) -> Value:
    """Python's str() as a text or a choice between texts."""
    return ev.lift(v, lambda x: _text(ev, x))


def _text(ev: Evaluator, v: Value) -> Value:
    if types.is_text(v):
        return v
    if isinstance(v, types.Markup):
        return v.text
    if isinstance(v, types.Undef):
        return types.EMPTY
    if isinstance(v, Const):
        return Const(str(v.value))
    if isinstance(v, types.Int):
        return types.string(go.call("print", ev.to_go(v)), True)
    if isinstance(v, types.Bool):
        return types.choose(v.test, Const("True"), Const("False"))
    if isinstance(v, Obj):
        from .values import printed

        return printed(ev, v)
    if isinstance(v, (types.MacroV, types.Func, types.Namespace, types.Loop)):
        raise Unsupported("printing a function or namespace", ev.line)
    if isinstance(v, (ListV, DictV)):
        from .python_repr import representation

        return types.text(*representation(ev, v))
    if isinstance(v, types.Parts):
        return words_with_tags(v)
    raise Unsupported("printing a list or dictionary as Python writes it", ev.line)


def words_with_tags(v: types.Parts) -> Value:
    """A content with pictures where the template prints a content as it is.

    It does not know pictures there: the reference prints the list of parts. What a reader would expect
    is the text, and Ollama needs its tags in the prompt.
    """
    return types.text(types.PictureTags(v.message), types.PictureText(v.message))


def unworked(ev: Evaluator, v: Str) -> Expr:
    """One expression for a text that may still be a lazy call."""
    if len(v.parts) == 1 and isinstance(v.parts[0], EXPRESSIONS):
        return v.parts[0]
    return text_to_go(ev, v)


def text_to_go(ev: Evaluator, v: Str) -> Expr:
    """One Go expression for a text."""
    values = [_part_to_go(ev, p) for p in v.parts]
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


def _part_to_go(ev: Evaluator, p: types.Part) -> Expr:
    if isinstance(p, str):
        return Lit(p)
    if isinstance(p, types.Choice):
        return ev.in_variable("text", types.Cond(p.test, _plain(p.then), _plain(p.orelse)))
    if isinstance(p, types.Block):
        return collect(ev, p.nodes)
    if isinstance(p, (types.PictureText, types.PictureTags)):
        from .pictures import tags_to_go, text_of_picture_message

        return (text_of_picture_message if isinstance(p, types.PictureText) else tags_to_go)(ev, p.operand)
    return work_out(ev, p) if isinstance(p, ops.Rewrite) else p


def _plain(s: Str) -> Value:
    return types.text(*s.parts, nonempty=s.nonempty)


def work_out(ev: Evaluator, e: ops.Rewrite) -> Expr:
    """Statements that work a text out; the answer is a variable."""
    known = ev.worked_out.get(e)
    if known and known.id in ev.visible():
        return known
    var = rewritten(ev, e)
    ev.worked_out[e] = var
    return var


def rewritten(ev: Evaluator, e: ops.Rewrite) -> go.Var:
    """The same, whether or not it was worked out before."""
    inner = work_out(ev, e.operand) if isinstance(e.operand, ops.Rewrite) else e.operand
    if isinstance(e, ops.ToJson):
        from .json import rewrite

        return rewrite(ev, inner, e.style)
    if isinstance(e, ops.PythonRepr):
        from .python_repr import rewriting

        return collect(ev, rewriting(ev, inner))
    if isinstance(e, ops.PythonStr):
        from .values import printing_any

        return collect(ev, printing_any(ev, inner))
    if isinstance(e, ops.ChangeCase):
        if e.case == "title":
            return idioms.title(ev, inner)
        if e.case == "titlewords":
            return idioms.title_words(ev, inner)
        return idioms.change_case(ev, inner, e.case == "upper")
    assert isinstance(e, ops.Strip)
    rule = {"strip": idioms.strip, "lstrip": idioms.lstrip, "rstrip": idioms.rstrip}[e.method]
    return rule(ev, inner, e.chars)


def collect(ev: Evaluator, nodes: Nodes) -> go.Var:
    """Runs statements and keeps what they print in a variable."""
    var = ev.declare("text", Lit(""))
    ev.emit(*_collected(ev, nodes, var))
    return var


def _collected(ev: Evaluator, nodes: Nodes, var: go.Var) -> Nodes:
    out: list[Node] = []
    for n in nodes:
        if isinstance(n, go.Text):
            out.append(go.Set(var, go.call("printf", Lit("%s" + n.text.replace("%", "%%")), var)))
        elif isinstance(n, go.Print):
            if isinstance(n.expr, (ops.Rewrite, ops.PictureTags, ops.PictureText)):
                out.extend(_collected_lazy(ev, n.expr, var))
                continue
            out.append(go.Set(var, go.call("printf", Lit("%s%s"), var, n.expr)))
        elif isinstance(n, go.If):
            out.append(go.If(n.test, _collected(ev, n.then, var), _collected(ev, n.orelse, var)))
        elif isinstance(n, go.Range):
            out.append(go.Range(n.loop, n.over, _collected(ev, n.body, var), n.item, n.index, n.count))
        elif isinstance(n, go.Include):
            raise Again(n.name.partition(" ")[0])
        else:
            out.append(n)
    return tuple(out)


def _collected_lazy(ev: Evaluator, e: go.Operation, var: go.Var) -> list[Node]:
    """The statements of an operation inside a block, appending its text to the variable."""
    saved, ev.out, known = ev.out, [], ev.worked_out
    ev.worked_out = {}
    found = _part_to_go(ev, e)
    nodes, ev.out, ev.worked_out = ev.out, saved, known
    return [*nodes, go.Set(var, go.call("printf", Lit("%s%s"), var, found))]


def print_value(ev: Evaluator, v: Value) -> None:
    """`{{ v }}`."""
    v = ev.settle(v)
    if isinstance(v, types.Cond):
        cond = v

        def half(x: Value) -> Value:
            print_value(ev, x)
            return types.NONE

        ev.branch(cond.test, lambda: half(cond.then), lambda: half(cond.orelse))
        return
    if isinstance(v, Obj) and v.kind == "any":
        ev.emit(go.Print(ops.PythonStr(v.expr)))
        return
    shown = _text(ev, v)
    if isinstance(shown, types.Cond):
        print_value(ev, shown)
    elif isinstance(shown, (Const, Str)):
        ev.emit(*printing(tuple(_known_by_now(ev, p) for p in types.parts_of(shown))))
    else:
        raise Raised("not printable")


def _known_by_now(ev: Evaluator, p: types.Part) -> types.Part:
    """The variable of a text that was worked out before."""
    if isinstance(p, ops.Rewrite):
        known = ev.worked_out.get(p)
        if known and known.id in ev.visible():
            return known
    return p


def printing(parts: tuple[types.Part, ...]) -> Nodes:
    """The statements that print the parts of a text."""
    out: list[Node] = []
    for p in parts:
        if isinstance(p, str):
            out.append(go.Text(p))
        elif isinstance(p, types.Choice):
            out.append(go.If(p.test, printing(p.then.parts), printing(p.orelse.parts)))
        elif isinstance(p, types.Block):
            out.extend(p.nodes)
        else:
            out.append(go.Print(p))
    return tuple(out)


def captured(ev: Evaluator, nodes: list[Node]) -> Value:
    """The text that statements print, as a value; statements that only compute are written now."""
    whole = _as_block(ev, nodes)
    if whole is not None:
        return types.text(*whole)
    parts: list[types.Part] = []
    for n in nodes:
        if isinstance(n, (go.Text, go.Print, go.If)) and (found := _as_parts(n)) is not None:
            parts.extend(found)
        elif not prints((n,)):
            changed = {x.var.id for x in go.all_nodes((n,)) if isinstance(x, go.Set)}
            if changed & types.value_vars(types.text(*parts)):
                parts = [text_to_go(ev, types.as_str(types.text(*parts)))]
            ev.emit(n)
        elif _changes_nothing((n,)):
            parts.append(types.Block((n,)))
        else:
            var = ev.declare("text", Lit(""))
            ev.emit(*_collected(ev, (n,), var))
            parts.append(var)
    return types.text(*parts)


def _as_block(ev: Evaluator, nodes: list[Node]) -> list[types.Part] | None:
    """Statements that print and change nothing that outlives them, together; texts at their ends apart."""
    if all(_as_parts(n) is not None or not prints((n,)) for n in nodes):
        return None
    own = {n.var.id for n in go.all_nodes(nodes) if isinstance(n, go.Declare)}
    if any(isinstance(n, go.Set) and n.var.id not in own for n in go.all_nodes(nodes)):
        return None
    if any(types.value_vars(v) & own for v in ev.state.values()):
        return None
    start, end = 0, len(nodes)
    while isinstance(nodes[start], go.Text):
        start += 1
    while isinstance(nodes[end - 1], go.Text):
        end -= 1
    head = [n.text for n in nodes[:start] if isinstance(n, go.Text)]
    tail = [n.text for n in nodes[end:] if isinstance(n, go.Text)]
    return [*head, types.Block(tuple(nodes[start:end])), *tail]


def _as_parts(n: Node) -> list[types.Part] | None:
    if isinstance(n, go.Text):
        return [n.text]
    if isinstance(n, go.Print):
        return [n.expr]
    if isinstance(n, go.If):
        halves: list[Str] = []
        for block in (n.then, n.orelse):
            parts: list[types.Part] = []
            for inner in block:
                found = _as_parts(inner)
                if found is None:
                    return None
                parts.extend(found)
            halves.append(types.as_str(types.text(*parts)))
        return [types.Choice(n.test, halves[0], halves[1])]
    return None


def prints(nodes: Nodes) -> bool:
    """Whether statements write anything."""
    return any(isinstance(n, (go.Text, go.Print, go.Include)) for n in go.all_nodes(nodes))


def _changes_nothing(nodes: Nodes) -> bool:
    inside = {n.var.id for n in go.all_nodes(nodes) if isinstance(n, go.Declare)}
    return not any(isinstance(n, go.Set) and n.var.id not in inside for n in go.all_nodes(nodes))


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


def defined_templates(ev: Evaluator, nodes: Nodes) -> tuple[Nodes, dict[str, Nodes]]:
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
                    bodies[name] = _body(ev, chain)
                out.append(go.Include(name, inner, n.origin))
            elif isinstance(n, go.If):
                out.append(go.If(n.test, visit(n.then), visit(n.orelse), n.origin))
            elif isinstance(n, go.Range):
                out.append(go.Range(n.loop, n.over, visit(n.body), n.item, n.index, n.count, n.origin))
            else:
                out.append(n)
        return tuple(out)

    return visit(nodes), bodies


def _body(ev: Evaluator, chain: list[ops.Rewrite]) -> Nodes:
    ev.out, ev.worked_out = [], {}
    e = chain[0]
    if len(chain) > 1:
        inner: Expr = ev.declare("text", go.Dot())
        for c in reversed(chain):
            inner = c.on(inner)
        assert isinstance(inner, ops.Rewrite)
        shown = work_out(ev, inner)
        return (*ev.out, go.Print(shown))
    if isinstance(e, ops.ToJson):
        from .json import rewriting

        return rewriting(ev, go.Dot(), e.style)
    if isinstance(e, ops.PythonRepr):
        from .python_repr import rewriting as as_python

        return as_python(ev, go.Dot())
    if isinstance(e, ops.PythonStr):
        from .values import printing_any

        return printing_any(ev, go.Dot())
    # the dot is a number inside `range`, so it gets a name first
    whole = ev.declare("text", go.Dot())
    var = rewritten(ev, e.on(whole))
    return (*ev.out, go.Print(var))
