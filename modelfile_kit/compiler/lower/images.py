"""A message with images: Ollama puts `[img-N]` for each at the front of its text."""

from __future__ import annotations

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Expr, Lit, Var, call
from . import idioms
from .control_flow import Unsupported
from .facts import Facts
from .state import State


def text_after_tags(st: State, message: Expr) -> Var:
    """The text after the tags: as many `]` are passed as there are images."""
    key = ops.TextAfterTags(message)
    known = st.worked_out.get(key)
    if known and known.id in st.visible():
        return known
    text = st.declare("text", go.Field(message, "Content"))
    loop = st.fresh()

    def body(i: Expr) -> None:
        rest = call("slice", call("slice", text, i), Lit(1))
        hit = (go.Set(text, rest), go.Break())
        st.emit(go.If(go.equal(call("printf", Lit("%.1s"), call("slice", text, i)), Lit("]")), hit))

    with st.capture() as written:
        idioms.scan(st, text, body)
    st.emit(go.Range(loop, go.Field(message, "Images"), tuple(written), item="image"))
    st.worked_out[key] = text
    return text


def tags_to_go(st: State, message: Expr) -> Expr:
    """The tags alone."""
    text = text_after_tags(st, message)
    whole = go.Field(message, "Content")
    return call("slice", whole, Lit(0), call("len", call("slice", whole, call("len", text))))


def settle_images(st: State, block: go.Nodes) -> go.Nodes:
    """Tags and text of a message with images: together they are its content."""
    out: list[go.Node] = []
    skip = False
    for n, node in enumerate(block):
        if skip:
            skip = False
            continue
        if isinstance(node, go.Print) and isinstance(node.expr, (ops.ImageTags, ops.TextAfterTags)):
            message = node.expr.operand
            follower = block[n + 1] if n + 1 < len(block) else None
            if follower == go.Print(ops.TextAfterTags(message)):
                out.append(go.Print(go.Field(message, "Content"), node.origin))
                skip = True
                continue
            rule = tags_to_go if isinstance(node.expr, ops.ImageTags) else text_after_tags
            with st.capture_apart() as written:
                try:
                    st.emit(go.Print(rule(st, message), node.origin))
                except Unsupported as e:
                    # an Ollama that cannot look for the tags; only messages with images come here
                    st.facts = Facts({go.Atom(go.Field(message, "Images")): True})
                    st.refuse(e)
            out.extend(written)
        elif isinstance(node, go.If):
            then, orelse = settle_images(st, node.then), settle_images(st, node.orelse)
            out.append(go.If(node.test, then, orelse, node.origin))
        elif isinstance(node, go.Range):
            body = settle_images(st, node.body)
            out.append(go.Range(node.loop, node.over, body, node.item, node.index, node.count, node.origin))
        else:
            out.append(node)
    return tuple(out)
