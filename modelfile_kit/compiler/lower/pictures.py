"""A message with pictures: Ollama puts `[img-N]` for each at the front of its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Expr, Lit, Var, call
from . import idioms

if TYPE_CHECKING:
    from .evaluate import Evaluator


def text_of_picture_message(ev: Evaluator, message: Expr) -> Var:
    """The text after the tags: as many `]` are passed as there are pictures."""
    key = ops.PictureText(message)
    known = ev.worked_out.get(key)
    if known and known.id in ev.visible():
        return known
    text = ev.declare("text", go.Field(message, "Content"))
    loop = ev.fresh()

    def body(i: Expr) -> None:
        rest = call("slice", call("slice", text, i), Lit(1))
        hit = (go.Set(text, rest), go.Break())
        ev.emit(go.If(go.equal(call("printf", Lit("%.1s"), call("slice", text, i)), Lit("]")), hit))

    saved, ev.out = ev.out, []
    idioms.scan(ev, text, body)
    nodes, ev.out = ev.out, saved
    ev.emit(go.Range(loop, go.Field(message, "Images"), tuple(nodes), item="image"))
    ev.worked_out[key] = text
    return text


def tags_to_go(ev: Evaluator, message: Expr) -> Expr:
    """The tags alone."""
    text = text_of_picture_message(ev, message)
    whole = go.Field(message, "Content")
    return call("slice", whole, Lit(0), call("len", call("slice", whole, call("len", text))))


def settle_pictures(ev: Evaluator, block: go.Nodes) -> go.Nodes:
    """Tags and text of a message with pictures: together they are its content."""
    out: list[go.Node] = []
    skip = False
    for n, node in enumerate(block):
        if skip:
            skip = False
            continue
        if isinstance(node, go.Print) and isinstance(node.expr, (ops.PictureTags, ops.PictureText)):
            message = node.expr.operand
            follower = block[n + 1] if n + 1 < len(block) else None
            if follower == go.Print(ops.PictureText(message)):
                out.append(go.Print(go.Field(message, "Content"), node.origin))
                skip = True
                continue
            ev.out, ev.worked_out = [], {}
            rule = tags_to_go if isinstance(node.expr, ops.PictureTags) else text_of_picture_message
            shown = rule(ev, message)
            out.extend([*ev.out, go.Print(shown, node.origin)])
        elif isinstance(node, go.If):
            then, orelse = settle_pictures(ev, node.then), settle_pictures(ev, node.orelse)
            out.append(go.If(node.test, then, orelse, node.origin))
        elif isinstance(node, go.Range):
            body = settle_pictures(ev, node.body)
            out.append(go.Range(node.loop, node.over, body, node.item, node.index, node.count, node.origin))
        else:
            out.append(node)
    return tuple(out)
