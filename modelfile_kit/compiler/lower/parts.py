"""The loop over the parts of a content: the pictures, whose own text the runtime writes, and the words."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from jinja2 import nodes

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Node
from ..values import types
from ..values.types import Const, DictV, Loop, Parts, Value
from .loops import has_exit, leaves, one_turn, turn_with_exits
from .ranges import fixpoint
from .symbolic_state import Carried, Key
from .text import prints

if TYPE_CHECKING:
    from .evaluate import Evaluator
    from .statements import Lowering

PICTURE = DictV((types.Entry("type", Const("image")),))


def words_of(message: go.Expr) -> DictV:
    """The part with a message's text: it stands after the pictures."""
    text = types.Str((types.PictureText(message),))
    return DictV((types.Entry("type", Const("text")), types.Entry("text", text)))


def part_at(ev: Evaluator, v: Parts, key: Value) -> Value:
    """`content[n]`: the words come last."""
    from .control_flow import Unsupported

    if not isinstance(key, Const) or not isinstance(key.value, int) or key.value < -1:
        raise Unsupported("a part of a content with pictures by this index", ev.line)
    words = words_of(v.message)
    if key.value == -1:
        return words
    if key.value == 0:
        return PICTURE
    count = go.call("len", go.Field(v.message, "Images"))
    more = go.Atom(go.call("lt", go.Lit(key.value), count))
    here = types.choose(go.equal(count, go.Lit(key.value)), words, types.Undef())
    return ev.settle(types.choose(ev.facts.simplify(more), PICTURE, here))


def over_parts(ev: Lowering, node: nodes.For, over: Parts) -> None:
    """A turn for the pictures, then one for the text; the tags stand where a picture's turn writes."""
    images = go.Field(over.message, "Images")

    def turn(loop: int) -> None:
        place = (
            types.number(go.Index(loop)),
            types.boolean(go.equal(go.Index(loop), go.Lit(0))),
            types.FALSE,
        )
        one_turn(ev, node, PICTURE, Loop(loop, None, position=place))

    def build(body: list[Node], loop: int) -> Node:
        return go.Range(loop, images, tuple(_without_text(body)), item="image")

    exits = has_exit(node)
    done = ev.declare("done", go.Lit(False)) if leaves(node) else None
    mark = len(ev.out)
    written, told = _told_of_pictures(ev, turn)
    fixpoint(ev, turn, build, node.lineno, done)
    for key, before in told.items():
        # a text that only got the picture's own text now has the tags there
        ev.state[key] = types.text(*ev.parts(before), types.PictureTags(over.message))
    silent = isinstance(ev.out[-1], go.Range) and not go.blocks(ev.out[-1])[0]
    if silent:
        ev.out.pop()
    tags: list[Node] = [go.Print(ops.PictureTags(over.message))]
    if written != go.TRUE:
        tags = [go.If(written, tuple(tags))] if written != go.FALSE else []
    at = mark if silent else len(ev.out)
    ev.out[at:at] = tags
    place = (types.number(go.call("len", images)), types.FALSE, types.TRUE)

    def words(_loop: int = 0) -> None:
        one_turn(ev, node, words_of(over.message), Loop(0, None, position=place))

    if exits:
        ev.require("range_int", "break or continue in a loop over the parts of a content")
        turn_with_exits(ev, words, node.lineno, done)
    else:
        words()


def _told_of_pictures(ev: Lowering, turn: Callable[[int], None]) -> tuple[go.Test, dict[Key, Value]]:
    """When a picture's turn writes; the names it appends a known text to, with what they held before."""

    def once() -> Value:
        # an exit leaves this turn, not a loop around it
        ev.loops.append(Carried({}))
        try:
            turn(ev.fresh())
        finally:
            ev.loops.pop()
        return types.NONE

    before, notes = dict(ev.state), list(ev.diagnostics)
    run = ev.run(ev.facts, once)
    ev.diagnostics[:] = notes
    found: dict[Key, Value] = {}
    for key, value in before.items():
        after = run.state.get(key)
        if after is None or after is value or not (types.is_text(value) and types.is_text(after)):
            continue
        old, new = ev.parts(value), ev.parts(after)
        tail = new[len(old) :] if new[: len(old)] == old else None
        if tail is None and old and isinstance(old[-1], str) and isinstance(new[-1], str):
            tail = (new[-1],) if new[:-1] == old[:-1] and new[-1].startswith(old[-1]) else None
        if tail and all(isinstance(p, str) for p in tail):
            found[key] = value
    return _writes(tuple(run.nodes), ev.visible()), found


def _writes(block: go.Nodes, visible: AbstractSet[int]) -> go.Test:
    """When statements print, as a test to ask before them; what only shows inside is taken to hold."""
    tests: list[go.Test] = []
    for n in block:
        if isinstance(n, go.If):
            then, orelse = _writes(n.then, visible), _writes(n.orelse, visible)
            inside = {x for e in go.test_exprs(n.test) for x in go.walk(e)}
            if any(
                isinstance(x, go.Index) or (isinstance(x, go.Var) and x.id not in visible) for x in inside
            ):
                tests += [then, orelse]
            else:
                tests += [go.both(n.test, then), go.both(go.negate(n.test), orelse)]
        elif prints((n,)):
            return go.TRUE
    return go.either(*tests)


def _without_text(body: list[Node]) -> list[Node]:
    out: list[Node] = []
    for n in body:
        if isinstance(n, (go.Text, go.Print)):
            continue
        if isinstance(n, go.If):
            then, orelse = tuple(_without_text(list(n.then))), tuple(_without_text(list(n.orelse)))
            if then or orelse:
                out.append(go.If(n.test, then, orelse, n.origin))
        else:
            out.append(n)
    return out
