"""What a loop can go over at run time: lists, mappings, numbers, contents, pieces of a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jinja2 import nodes

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Node
from ..values import types
from ..values.types import Const, ListV, Loop, Obj, Parts, Split, Str, Undef, Value
from . import idioms
from .compare import equal
from .control_flow import Raised, Unsupported
from .lists import decoded
from .loops import attributes_of_loop, counting, one_turn, over_any, uses_loop
from .parts import over_parts
from .ranges import dynamic, fixpoint
from .slices import ELEMENTS, element_value
from .strings import count_pieces
from .tools import dictionary_of, note_order
from .values import is_kind

if TYPE_CHECKING:
    from .statements import Lowering


def over_unknown(ev: Lowering, node: nodes.For, over: Value) -> bool:
    """The loop over something that only shows at run time; False for what no loop goes over."""
    if isinstance(over, types.Span):
        over_count(ev, node, Obj("count", over.size), over.start)
    elif isinstance(over, Obj):
        over_go(ev, node, over)
    elif isinstance(over, types.Built):
        over_built(ev, node, over)
    elif isinstance(over, types.Query):
        over_query(ev, node, over)
    elif isinstance(over, Parts):
        over_parts(ev, node, over)
    elif isinstance(over, Split):
        over_pieces(ev, node, over)
    elif types.is_text(over):
        assert isinstance(over, (Str, Const))
        over_characters(ev, node, over)
    else:
        return False
    return True


def over_go(ev: Lowering, node: nodes.For, over: Obj) -> None:
    if over.kind.startswith("pairs:"):
        over_pairs(ev, node, over)
        return
    if over.kind.startswith("count"):
        start = types.Int((), int(over.kind.partition(":")[2] or 0))
        over_count(ev, node, over, start)
        return
    if over.kind == "any":
        over_json(ev, node, over)
        return
    if over.kind == "propmap":
        over_pairs(ev, _keys_of(node), Obj("pairs:propmap", go.Field(over.expr, "All")))
        return
    if over.kind in ("args", "props"):
        over_pairs(ev, _keys_of(node), Obj("pairs:" + over.kind, over.expr))
        return
    known = dictionary_of(ev, over)
    if known is not None:
        over_any(ev, node, known)
        return
    if over.kind not in ELEMENTS:
        raise Unsupported(f"a loop over a {over.kind}", node.lineno)
    name = node.target.name if isinstance(node.target, nodes.Name) else "item"

    def turn(loop: int) -> None:
        ev.loop_over[loop] = over.expr
        ev.loop_items[loop] = name
        if over.reverse:
            at = go.call(
                "len",
                go.call(
                    "slice",
                    over.expr,
                    go.call("len", go.call("printf", go.Lit("%*s."), go.Index(loop), go.Lit(""))),
                ),
            )
            element = element_value(over.kind, go.call("index", over.expr, at))
        else:
            element = element_value(over.kind, go.Item(loop, name))
        one_turn(ev, node, element, Loop(loop, over.expr, over.reverse, kind=over.kind))

    dynamic(ev, node, over.expr, turn, item=name, count=False)


def _keys_of(node: nodes.For) -> nodes.For:
    """The loop over keys as one over pairs whose values nothing looks at."""
    target = nodes.Tuple([node.target, nodes.Name("_value", "store")], "store")
    keys = nodes.For(target, node.iter, node.body, node.else_, node.test, False)
    keys.lineno = node.lineno
    return keys


def over_pairs(ev: Lowering, node: nodes.For, over: Obj) -> None:
    """`for k, v in mapping.items()`: Go's keys come in order, and there is no index beside them."""
    kind = "any" if over.kind in ("pairs:args", "pairs:any") else "prop"
    note_order(ev, "args" if kind == "any" else "tools")
    names = (
        [t.name for t in node.target.items if isinstance(t, nodes.Name)]
        if isinstance(node.target, nodes.Tuple)
        else []
    )
    key, value = names if len(names) == 2 else ("key", "value")
    count = ev.declare("n", go.Lit("")) if uses_loop(node) else None
    size: go.Expr = go.call("len", over.expr)
    if over.kind == "pairs:propmap":
        assert isinstance(over.expr, go.Field)
        size = go.Field(over.expr.base, "Len")

    def turn(loop: int) -> None:
        place = None
        if count:
            ev.assign(count, go.call("printf", go.Lit("%s."), count))
            here = go.call("len", count)
            place = (
                types.integer({here: 1}, -1),
                types.boolean(go.equal(here, go.Lit(1))),
                types.boolean(go.equal(here, size)),
            )
        pair = ListV((types.string(go.Index(loop, key)), Obj(kind, go.Item(loop, value))))
        one_turn(ev, node, pair, Loop(loop, None, position=place))

    dynamic(ev, node, over.expr, turn, item=value, count=False, index=key)


def over_json(ev: Lowering, node: nodes.For, over: Obj) -> None:
    """A JSON value: a list's elements, a mapping's keys."""

    def elements() -> Value:
        over_go(ev, node, Obj("list", over.expr))
        return types.NONE

    def keys() -> Value:
        over_go(ev, node, Obj("args", over.expr))
        return types.NONE

    def other() -> Value:
        return ev.branch(is_kind(over.expr, "string"), characters, neither)

    def characters() -> Value:
        # a schema's list given as one text: a third copy of the body for a request that means no such thing
        raise Unsupported("a loop over the characters of a text", node.lineno)

    def neither() -> Value:
        raise Raised("this value is not iterable")

    listed = is_kind(over.expr, "[]interface {}")
    mapped = is_kind(over.expr, "map[string]interface {}")
    ev.branch(listed, elements, lambda: ev.branch(mapped, keys, other))


def over_query(ev: Lowering, node: nodes.For, over: types.Query) -> None:
    """A loop over a selection: the test stands inside the loop over all."""
    saved, ev.selection = ev.selection, over.steps
    try:
        counting(ev, node, lambda n: over_any(ev, n, over.over))
    finally:
        ev.selection = saved


def over_count(ev: Lowering, node: nodes.For, over: Obj, start: types.Int) -> None:
    name = node.target.name if isinstance(node.target, nodes.Name) else "i"

    ev.require("range_int", "a loop over numbers")

    def turn(loop: int) -> None:
        here = types.number(go.Index(loop, name))
        size = types.number(over.expr)
        if isinstance(over.expr, go.Call) and over.expr.fn == "len" and not over.reverse:
            ev.loop_over[loop] = over.expr.args[0]
        i: Value = types.integer({**dict(start.terms), go.Index(loop, name): 1}, start.const)
        if over.reverse:
            i = types.integer({over.expr: 1, go.Index(loop, name): -1}, -1)
        one_turn(
            ev,
            node,
            i,
            Loop(
                loop,
                None,
                position=(
                    here,
                    types.boolean(go.equal(go.Index(loop), go.Lit(0))),
                    types.boolean(equal(ev, types.integer({go.Index(loop, name): 1}, 1), size)),
                ),
                length=size,
            ),
        )

    dynamic(ev, node, over.expr, turn, item=name, count=True, index=name)


def over_pieces(
    ev: Lowering, node: nodes.For, over: Split, meant: Callable[[Value], Value] = lambda piece: piece
) -> None:
    """A turn where the separator is found in the text with one more separator at its end."""
    if over.limit >= 0 or over.skip:
        raise Unsupported("a loop over some pieces of a text", node.lineno)
    sep, cut = over.sep, go.Lit(len(over.sep.encode()))
    whole = ev.declare("whole", ev.to_go(ev.concat(over.text, Const(sep))))
    rest = ev.declare("rest", whole)
    name = node.target.name if isinstance(node.target, nodes.Name) else "piece"
    overlaps = any(sep.startswith(sep[k:]) for k in range(1, len(sep)))

    counted = None
    if attributes_of_loop(node) - {"", "first", "last"}:
        counted = (ev.declare("n", go.Lit("")), count_pieces(ev, over))

    def turn(loop: int) -> None:
        here = go.call("slice", whole, go.Index(loop))
        hit = idioms.starts_with(here, sep)
        if overlaps:
            hit = go.both(go.negate(go.Atom(go.call("lt", go.call("len", rest), go.call("len", here)))), hit)

        def run() -> Value:
            size = go.call("len", go.call("slice", rest, go.call("len", here)))
            piece = ev.declare(name, go.call("slice", rest, go.Lit(0), size))
            first: Value = Undef("loop.first")
            if uses_loop(node):
                same = go.call("eq", go.call("len", rest), go.call("len", whole))
                first = types.Bool(go.Atom(ev.declare("first", same)))
            last = types.boolean(go.equal(go.call("len", here), cut))
            ev.assign(rest, go.call("slice", here, cut))
            ev.counted = ev.counted or counted
            one_turn(
                ev,
                node,
                meant(types.string(piece)),
                Loop(loop, None, position=(Undef("loop.index"), first, last)),
            )
            return types.NONE

        ev.branch(hit, run, lambda: types.NONE)

    def build(body: list[Node], loop: int) -> Node:
        return go.Range(loop, go.call("len", whole), tuple(body), index="at", count=True)

    fixpoint(ev, turn, build, node.lineno)


def over_built(ev: Lowering, node: nodes.For, over: types.Built) -> None:
    """A list of texts in one text: each ends with a NUL."""

    if not over.plain:
        raise Unsupported("a loop over a list with undefined elements", node.lineno)

    def inside() -> Value:
        e = ev.to_go(over.text)
        cut = go.call("slice", e, go.Lit(0), go.call("len", go.call("slice", e, go.Lit(1))))
        over_pieces(ev, node, Split(types.string(cut), "\0"), lambda piece: decoded(over, piece))
        return types.NONE

    ev.branch(ev.truth(over), inside, lambda: types.NONE)


def over_characters(ev: Lowering, node: nodes.For, over: Str | Const) -> None:
    """The characters of an unknown text: a turn where one begins."""
    if _ignores_characters(ev, node):
        return
    text = ev.declare("text", ev.to_go(over))
    name = node.target.name if isinstance(node.target, nodes.Name) else "character"
    count = ev.declare("n", go.Lit("")) if uses_loop(node) else None

    def turn(loop: int) -> None:
        here = go.call("slice", text, go.Index(loop))
        c = ev.declare(name, go.call("printf", go.Lit("%.1s"), here))

        def run() -> Value:
            place = None
            if count:
                ev.assign(count, go.call("printf", go.Lit("%s."), count))
                at = go.call("len", count)
                last = types.boolean(go.equal(go.call("len", here), go.call("len", c)))
                place = (types.integer({at: 1}, -1), types.boolean(go.equal(at, go.Lit(1))), last)
            size = types.number(ops.CharacterCount(text))
            one_turn(ev, node, types.string(c, True), Loop(loop, None, position=place, length=size))
            return types.NONE

        ev.branch(go.negate(idioms.continues(c)), run, lambda: types.NONE)

    ev.require("range_int", "a loop over the characters of a text")
    dynamic(ev, node, go.call("len", text), turn, item=name, count=True, index="at")


def _ignores_characters(ev: Lowering, node: nodes.For) -> bool:
    """Whether the body does nothing for any character: it looks for the parts of a content."""
    character = types.string(go.Var(ev.fresh(), "character"), True)

    def inside() -> Value:
        loop = Loop(0, None, position=(Const(0), types.TRUE, types.TRUE))
        one_turn(ev, node, character, loop)
        return types.NONE

    before, notes = dict(ev.state), list(ev.diagnostics)
    run = ev.run(ev.facts, inside)
    ev.diagnostics[:] = notes
    return not (run.nodes or run.dead or run.state != before)
