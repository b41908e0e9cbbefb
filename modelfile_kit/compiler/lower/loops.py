"""`for`: over known elements it is unrolled, over Go data it becomes a `range`.

Names that change from one turn to the next are found by running the body until nothing new changes;
they live in Go variables from before the loop, assigned where paths meet and at the end of a turn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jinja2 import nodes

from .. import go, idioms, types
from ..go import Expr, Node
from ..machine import Carried, Dead, Key, Raised, Rep, State, Unsupported, fit, shape_of
from ..types import Cond, Const, ListV, Loop, Obj, Parts, Split, Undef, Value
from .queries import apply
from .slices import ELEMENTS, element_value
from .tools import dictionary_of, note_order
from .values import is_kind

if TYPE_CHECKING:
    from .statements import Lowering

# Turns of a loop over known elements, and tries to find all names that a loop changes.
MAX_UNROLL = 500
MAX_TRIES = 24


def execute_for(ev: Lowering, node: nodes.For) -> None:
    """One `for` statement."""
    if node.recursive:
        raise Unsupported("a recursive for", node.lineno)
    over = ev.settle(ev.eval(node.iter))
    over = _one_list(ev, node, over)
    ev.line = node.lineno
    _over_any(ev, node, over)


def _one_list(ev: Lowering, node: nodes.For, over: Value) -> Value:
    """A choice between Go lists of one kind becomes a variable that holds the list."""
    found = list(types.leaves(over))
    first = found[0]
    if not isinstance(over, Cond) or not isinstance(first, Obj) or any(shape_of(v) != shape_of(first) for v in found):
        return over
    name = node.iter.name if isinstance(node.iter, nodes.Name) else "list"
    var = ev.in_variable(name, over)
    held = Obj(first.kind, var, first.reverse)  # type: ignore[arg-type]
    for key, value in ev.state.items():
        if value == over:
            ev.state[key] = held
    return held


def _over_any(ev: Lowering, node: nodes.For, over: Value) -> None:
    if isinstance(over, Cond):
        cond = over

        def half(v: Value) -> Callable[[], Value]:
            def run() -> Value:
                _over_any(ev, node, ev.settle(v))
                return types.NONE

            return run

        ev.branch(cond.test, half(cond.then), half(cond.orelse))
    elif isinstance(over, ListV):
        _unroll(ev, node, over.items)
    elif isinstance(over, types.DictV):
        _over_entries(ev, node, [(e.present, Const(e.key)) for e in over.entries])
    elif isinstance(over, types.Items):
        _over_entries(ev, node, [(e.present, ListV((Const(e.key), e.value))) for e in over.entries])
    elif isinstance(over, types.Span):
        _over_count(ev, node, Obj("count", over.size), over.start)
    elif isinstance(over, Undef):
        ev.execute_all(node.else_)
    elif isinstance(over, Const) and isinstance(over.value, str):
        _unroll(ev, node, tuple(Const(c) for c in over.value))
    elif isinstance(over, Obj):
        _over_go(ev, node, over)
    elif isinstance(over, types.Built):
        _over_built(ev, node, over)
    elif isinstance(over, types.Query):
        _over_query(ev, node, over)
    elif isinstance(over, Parts):
        _over_parts(ev, node, over)
    elif isinstance(over, Split):
        _over_pieces(ev, node, over)
    elif types.is_text(over):
        _over_characters(ev, node, over)
    else:
        raise Raised("this value is not iterable")


def _turn(ev: Lowering, node: nodes.For, element: Value, loop: Value) -> None:
    """One turn of the body in a scope of its own."""

    def inside() -> Value:
        kept, chosen = apply(ev, steps, element)
        return ev.branch(kept, lambda: take(chosen), lambda: types.NONE)

    def take(chosen: Value) -> Value:
        ev.bind(node.target, chosen)
        if node.test is not None:
            # The filter of a loop does not see `loop`.
            return ev.branch(ev.test(node.test), body, lambda: types.NONE)
        return body()

    flag, ev.entered = ev.entered, None
    steps, ev.selection = ev.selection, ()

    def body() -> Value:
        if flag:
            ev.assign(flag, go.Lit(True))
        ev.state[(ev.scope, "loop")] = loop
        ev.execute_all(node.body)
        return types.NONE

    ev.in_scope(inside)
    ev.entered, ev.selection = flag, steps


def _uses_loop(node: nodes.For) -> bool:
    return any(n.name == "loop" for body in node.body for n in body.find_all(nodes.Name)) or any(
        isinstance(body, nodes.Name) and body.name == "loop" for body in node.body
    )


def _has_exit(node: nodes.For) -> bool:
    return any(True for body in node.body for _ in body.find_all((nodes.Break, nodes.Continue))) or any(
        isinstance(b, (nodes.Break, nodes.Continue)) for b in node.body
    )


def _unroll(ev: Lowering, node: nodes.For, elements: tuple[Value, ...]) -> None:
    if len(elements) > MAX_UNROLL:
        raise Unsupported(f"a loop over more than {MAX_UNROLL} known elements", node.lineno)
    if node.test is not None:
        elements = _filtered(ev, node, elements)
    plain = nodes.For(node.target, node.iter, node.body, node.else_, None, False)
    plain.lineno = node.lineno
    if not elements:
        ev.execute_all(node.else_)
        return
    if _has_exit(node):
        _unroll_with_exits(ev, plain, elements)
        return
    for n, element in enumerate(elements):
        _turn(ev, plain, element, _known_loop(n, elements))


def _known_loop(n: int, elements: tuple[Value, ...]) -> Loop:
    place = (Const(n), Const(n == 0), Const(n == len(elements) - 1))
    return Loop(0, None, position=place, items=elements)


def _unroll_with_exits(ev: Lowering, node: nodes.For, elements: tuple[Value, ...]) -> None:
    """`break` and `continue` inside known turns: a `range` of one turn around each gives them a place."""
    raise Unsupported("break or continue in a loop over known elements", node.lineno)


def _filtered(ev: Lowering, node: nodes.For, elements: tuple[Value, ...]) -> tuple[Value, ...]:
    kept = []
    for element in elements:

        def ask(element: Value = element) -> go.Test:
            ev.bind(node.target, element)
            return ev.test(node.test)  # type: ignore[arg-type]

        test = ev.in_scope(ask)
        if not isinstance(test, go.Truth):
            raise Unsupported("a loop's filter that is only known at run time", node.lineno)
        if test.value:
            kept.append(element)
    return tuple(kept)


def _over_entries(ev: Lowering, node: nodes.For, entries: list[tuple[go.Test, Value]]) -> None:
    """A loop over the keys of a dictionary, some of which may be absent."""
    entries = [(ev.facts.simplify(t), v) for t, v in entries]
    kept = entries
    if node.test is not None:
        wanted = set(_filtered(ev, node, tuple(v for _, v in entries)))
        kept = [(t, v) for t, v in entries if v in wanted]
    if all(t == go.TRUE for t, _ in kept):
        plain = nodes.For(node.target, node.iter, node.body, node.else_, None, False)
        plain.lineno = node.lineno
        _unroll(ev, plain, tuple(v for _, v in kept))
        return
    plain = nodes.For(node.target, node.iter, node.body, [], None, False)
    plain.lineno = node.lineno
    for n, (present, value) in enumerate(kept):
        earlier = go.either(*(t for t, _ in kept[:n]))
        later = go.either(*(t for t, _ in kept[n + 1 :]))

        def turn(n: int = n, value: Value = value, earlier: go.Test = earlier, later: go.Test = later) -> Value:
            first = types.boolean(ev.facts.simplify(go.negate(earlier)))
            last = types.boolean(ev.facts.simplify(go.negate(later)))
            _turn(ev, plain, value, Loop(0, None, position=(Undef("loop.index"), first, last)))
            return types.NONE

        ev.branch(present, turn, lambda: types.NONE)


# --- loops over Go data -------------------------------------------------------------------------------


def _over_go(ev: Lowering, node: nodes.For, over: Obj) -> None:
    if node.test is not None and _uses_loop(node):
        raise Unsupported("`loop` in a loop with a filter", node.lineno)
    if over.kind.startswith("pairs:"):
        _over_pairs(ev, node, over)
        return
    if over.kind.startswith("count"):
        start = types.Int((), int(over.kind.partition(":")[2] or 0))
        _over_count(ev, node, over, start)
        return
    if over.kind == "any":
        _over_json(ev, node, over)
        return
    if over.kind in ("args", "props"):
        keys = nodes.For(nodes.Tuple([node.target, nodes.Name("_value", "store")], "store"), node.iter, node.body, node.else_, node.test, False)
        keys.lineno = node.lineno
        _over_pairs(ev, keys, Obj("pairs:" + over.kind, over.expr))
        return
    known = dictionary_of(ev, over)
    if known is not None:
        _over_any(ev, node, known)
        return
    if over.kind not in ELEMENTS:
        raise Unsupported(f"a loop over a {over.kind}", node.lineno)
    name = node.target.name if isinstance(node.target, nodes.Name) else "item"

    def turn(loop: int) -> None:
        ev.loop_over[loop] = over.expr
        ev.loop_items[loop] = name
        if over.reverse:
            at = go.call("len", go.call("slice", over.expr, go.call("len", go.call("printf", go.Lit("%*s."), go.Index(loop), go.Lit("")))))
            element = element_value(over.kind, go.call("index", over.expr, at))
        else:
            element = element_value(over.kind, go.Item(loop, name))
        _turn(ev, node, element, Loop(loop, over.expr, over.reverse, kind=over.kind))

    dynamic(ev, node, over.expr, turn, item=name, count=False)


def _over_pairs(ev: Lowering, node: nodes.For, over: Obj) -> None:
    """`for k, v in mapping.items()`: Go's keys come in order, and there is no index beside them."""
    kind = "any" if over.kind in ("pairs:args", "pairs:any") else "prop"
    note_order(ev, "args" if kind == "any" else "tools")
    names = [t.name for t in node.target.items if isinstance(t, nodes.Name)] if isinstance(node.target, nodes.Tuple) else []
    key, value = names if len(names) == 2 else ("key", "value")
    count = ev.declare("n", go.Lit("")) if _uses_loop(node) else None

    def turn(loop: int) -> None:
        place = None
        if count:
            ev.assign(count, go.call("printf", go.Lit("%s."), count))
            here = go.call("len", count)
            place = (
                types.integer({here: 1}, -1),
                types.boolean(go.equal(here, go.Lit(1))),
                types.boolean(go.equal(here, go.call("len", over.expr))),
            )
        pair = ListV((types.string(go.Index(loop, key)), Obj(kind, go.Item(loop, value))))
        _turn(ev, node, pair, Loop(loop, None, position=place))

    dynamic(ev, node, over.expr, turn, item=value, count=False, index=key)


def _over_json(ev: Lowering, node: nodes.For, over: Obj) -> None:
    """A JSON value: a list's elements, a mapping's keys."""

    def elements() -> Value:
        _over_go(ev, node, Obj("list", over.expr))
        return types.NONE

    def keys() -> Value:
        _over_go(ev, node, Obj("args", over.expr))
        return types.NONE

    def other() -> Value:
        raise Unsupported("a loop over the characters of a text", node.lineno)

    listed = is_kind(over.expr, "[]interface {}")
    mapped = is_kind(over.expr, "map[string]interface {}")
    ev.branch(listed, elements, lambda: ev.branch(mapped, keys, other))


def _over_query(ev: Lowering, node: nodes.For, over: types.Query) -> None:
    """A loop over a selection: the test stands inside the loop over all."""
    if _uses_loop(node):
        raise Unsupported("`loop` in a loop over a selection", node.lineno)
    saved, ev.selection = ev.selection, over.steps
    try:
        _over_any(ev, node, over.over)
    finally:
        ev.selection = saved


def _over_count(ev: Lowering, node: nodes.For, over: Obj, start: types.Int) -> None:
    name = node.target.name if isinstance(node.target, nodes.Name) else "i"

    def turn(loop: int) -> None:
        i: Value = types.integer({**dict(start.terms), go.Index(loop, name): 1}, start.const)
        if over.reverse:
            size = types.number(over.expr)
            assert isinstance(i, types.Int) and isinstance(size, types.Int)
            i = types.integer({over.expr: 1, go.Index(loop, name): -1}, -1)
        _turn(ev, node, i, Loop(loop, None, position=(types.number(go.Index(loop, name)), types.boolean(go.equal(go.Index(loop), go.Lit(0))), Undef())))

    dynamic(ev, node, over.expr, turn, item=name, count=True, index=name)


def dynamic(
    ev: Lowering,
    node: nodes.For,
    over: Expr,
    turn: Callable[[int], None],
    *,
    item: str,
    count: bool,
    index: str = "i",
    wrap: Callable[[list[Node]], list[Node]] | None = None,
) -> None:
    """A `range` whose body is `turn`."""

    def build(body: list[Node], loop: int) -> Node:
        return go.Range(loop, over, tuple(body), item=item, index=index, count=count)

    entered: go.Test | None = None
    if node.else_ and node.test is not None:
        flag = ev.declare("entered", go.Lit(False))
        entered, ev.entered = go.Atom(flag), flag
    elif node.else_:
        entered = ev.truth(types.number(over)) if count else go.Atom(over)
    fixpoint(ev, turn, build, node.lineno)
    ev.entered = None
    if entered is not None:
        saved = ev.state

        def other() -> Value:
            ev.execute_all(node.else_)
            return types.NONE

        ev.state = saved
        ev.branch(entered, lambda: types.NONE, other)


def fixpoint(ev: Lowering, turn: Callable[[int], None], build: Callable[[list[Node], int], Node], line: int) -> None:
    """Finds the names a loop changes, puts them in variables, and writes the loop."""
    start = dict(ev.state)
    mark = ev.fresh()
    reps: dict[Key, Rep] = {}
    notes = len(ev.diagnostics)
    for _ in range(MAX_TRIES):
        del ev.diagnostics[notes:]
        loop = ev.fresh()
        carried = Carried(reps)
        body, ends, assigned = _attempt(ev, start, carried, turn, loop)
        grown = _grow(ev, start, reps, ends, mark)
        if not grown:
            break
        reps = grown
    else:
        raise Unsupported("a loop whose changes have no end", line)
    ev.state = dict(start)
    for key, rep in reps.items():
        first = start.get(key) or ev.lookup(ev.parents.get(key[0]), key[1], start)
        if first == ev.value_of(rep):
            continue
        simple = not isinstance(first, Cond)
        ev.declare_rep(rep, first if simple else None)
        if not simple:
            ev.store(rep, first)
    ev.emit(build(body, loop))
    ev.assigned |= assigned
    ev.forget(assigned)
    for key, rep in reps.items():
        ev.state[key] = ev.value_of(rep)


def _attempt(
    ev: Lowering, start: State, carried: Carried, turn: Callable[[int], None], loop: int
) -> tuple[list[Node], list[State], set[int]]:
    def thunk() -> Value:
        ev.state = dict(start)
        for key, rep in carried.reps.items():
            ev.state[key] = ev.value_of(rep)
        turn(loop)
        flush(ev, carried)
        return types.NONE

    ev.forget({v.id for r in carried.reps.values() for v in (r.payload, r.tag) if v})
    ev.loops.append(carried)
    try:
        run = ev.run(ev.facts, thunk)
    finally:
        ev.loops.pop()
    ends = list(carried.exits)
    if not run.dead:
        ends.append(run.state)
    return run.nodes, ends, run.assigned


def _grow(
    ev: Lowering, start: State, reps: dict[Key, Rep], ends: list[State], mark: int
) -> dict[Key, Rep] | None:
    """Representations for what the turns changed, None if these are known already."""
    changed: dict[Key, Rep] = {}
    # What a turn made for itself (scopes, namespaces) has a number above the mark.
    for key in {k: None for end in ends for k in end if k[0] < mark}:
        before = start.get(key)
        if before is None:
            before = ev.lookup(ev.parents.get(key[0]), key[1], start)
        rep = reps.get(key)
        after = [fit(rep, end[key]) for end in ends if key in end]
        now = ev.value_of(rep) if rep else before
        if all(v == now for v in after):
            continue
        shapes = {shape_of(leaf) for v in after for leaf in types.leaves(v)}
        if rep and shapes <= set(rep.shapes) and _within(ev, rep, after):
            continue
        if rep:
            merged = ev.new_rep(key[1], [before, ev.value_of(rep), *after])
        else:
            merged = ev.new_rep(key[1], [before, *after])
        _check(key, merged)
        changed[key] = _reuse(ev, key, merged, before, start)
    return {**reps, **changed} if changed else None


def _within(ev: Lowering, rep: Rep, after: list[Value]) -> bool:
    found = [leaf for v in after for leaf in types.leaves(v)]
    if any(types.is_int(v) and ev.least(v) < rep.least for v in found):
        return False
    if rep.plain and any(isinstance(v, types.Built) and not v.plain for v in found):
        return False
    if rep.by_emptiness or rep.nonempty:
        texts = [v for v in found if types.is_text(v)]
        return all(v.nonempty if isinstance(v, types.Str) else bool(v.value) for v in texts)  # type: ignore[union-attr]
    return True


def _check(key: Key, rep: Rep) -> None:
    for shape in rep.shapes:
        if shape[0] == "static" and isinstance(shape[1], (ListV, Split, types.DictV, Parts)):
            if len([s for s in rep.shapes if s[0] == "static"]) > 1 or any(
                isinstance(e, (go.Item, go.Index)) for e in types.value_exprs(shape[1])
            ):
                raise Unsupported(f"the list or dictionary {key[1]} that a loop builds")


def _reuse(ev: Lowering, key: Key, rep: Rep, before: Value, start: State) -> Rep:
    """The name's own variable from an earlier loop serves again if nothing else looks at it."""
    if rep.tag or rep.by_emptiness or rep.payload is None or not isinstance(before, (types.Str, types.Int, types.Bool, Obj)):
        return rep
    ids = types.value_vars(before)
    if len(ids) != 1 or any(k != key and types.value_vars(v) & ids for k, v in start.items()):
        return rep
    [one] = ids
    var = next(e for e in types.value_exprs(before) if isinstance(e, go.Var) and e.id == one)
    again = Rep(rep.shapes, var, None, False, rep.least, rep.nonempty)
    if ev.value_of(again) != before or one not in ev.visible():
        return rep
    return again


def flush(ev: Lowering, carried: Carried) -> None:
    """Assigns the variables of a loop what their names hold now, at the end of a turn."""
    pending = {k: (rep, fit(rep, ev.settle(ev.state.get(k, Undef())))) for k, rep in carried.reps.items()}
    pending = {k: (r, v) for k, (r, v) in pending.items() if v != ev.value_of(r)}
    pending = {
        k: (r, v)
        for k, (r, v) in pending.items()
        if all(shape_of(leaf) in r.shapes for leaf in types.leaves(v))
    }
    while pending:
        key = next(
            (
                k
                for k, (rep, _) in pending.items()
                if not any(
                    types.value_vars(v) & {x.id for x in (rep.payload, rep.tag) if x}
                    for other, (_, v) in pending.items()
                    if other != k
                )
            ),
            None,
        )
        if key is None:
            raise Unsupported("names that exchange their values in a loop")
        rep, value = pending.pop(key)
        ev.store(rep, value)


# --- contents with pictures, pieces of a text ---------------------------------------------------------


def _over_parts(ev: Lowering, node: nodes.For, over: Parts) -> None:
    """A turn for the pictures, whose own text the runtime writes itself, then one for the text."""
    picture = types.DictV((types.Entry("type", Const("image")),))
    words = types.DictV(
        (types.Entry("type", Const("text")), types.Entry("text", types.Str((types.PictureText(over.message),))))
    )
    images = go.Field(over.message, "Images")

    def turn(loop: int) -> None:
        place = (types.number(go.Index(loop)), types.boolean(go.equal(go.Index(loop), go.Lit(0))), types.FALSE)
        _turn(ev, node, picture, Loop(loop, None, position=place))

    def build(body: list[Node], loop: int) -> Node:
        return go.Range(loop, images, tuple(_without_text(body)), item="image")

    mark = len(ev.out)
    fixpoint(ev, turn, build, node.lineno)
    silent = isinstance(ev.out[-1], go.Range) and not go.blocks(ev.out[-1])[0]
    if silent:
        ev.out.pop()
    ev.out.insert(mark if silent else len(ev.out), go.Print(go.call("picture_tags", over.message)))
    place = (types.number(go.call("len", images)), types.FALSE, types.TRUE)
    _turn(ev, node, words, Loop(0, None, position=place))


def _without_text(body: list[Node]) -> list[Node]:
    out: list[Node] = []
    for n in body:
        if isinstance(n, (go.Text, go.Print)):
            continue
        if isinstance(n, go.If):
            then, orelse = tuple(_without_text(list(n.then))), tuple(_without_text(list(n.orelse)))
            if then or orelse:
                out.append(go.If(n.test, then, orelse))
        else:
            out.append(n)
    return out


def _over_pieces(ev: Lowering, node: nodes.For, over: Split) -> None:
    """A turn where the separator is found in the text with one more separator at its end."""
    if over.limit >= 0 or over.skip:
        raise Unsupported("a loop over some pieces of a text", node.lineno)
    sep, cut = over.sep, go.Lit(len(over.sep.encode()))
    whole = ev.declare("whole", ev.to_go(ev.concat(over.text, Const(sep))))
    rest = ev.declare("rest", whole)
    name = node.target.name if isinstance(node.target, nodes.Name) else "piece"
    overlaps = any(sep.startswith(sep[k:]) for k in range(1, len(sep)))

    def turn(loop: int) -> None:
        here = go.call("slice", whole, go.Index(loop))
        hit = idioms.starts_with(here, sep)
        if overlaps:
            hit = go.both(go.negate(go.Atom(go.call("lt", go.call("len", rest), go.call("len", here)))), hit)

        def run() -> Value:
            size = go.call("len", go.call("slice", rest, go.call("len", here)))
            piece = ev.declare(name, go.call("slice", rest, go.Lit(0), size))
            first: Value = Undef("loop.first")
            if _uses_loop(node):
                same = go.call("eq", go.call("len", rest), go.call("len", whole))
                first = types.Bool(go.Atom(ev.declare("first", same)))
            last = types.boolean(go.equal(go.call("len", here), cut))
            ev.assign(rest, go.call("slice", here, cut))
            _turn(ev, node, types.string(piece), Loop(loop, None, position=(Undef("loop.index"), first, last)))
            return types.NONE

        ev.branch(hit, run, lambda: types.NONE)

    def build(body: list[Node], loop: int) -> Node:
        return go.Range(loop, go.call("len", whole), tuple(body), index="at", count=True)

    fixpoint(ev, turn, build, node.lineno)


def _over_built(ev: Lowering, node: nodes.For, over: types.Built) -> None:
    """A list of texts in one text: each ends with a NUL."""

    if not over.plain:
        raise Unsupported("a loop over a list with undefined elements", node.lineno)

    def inside() -> Value:
        e = ev.to_go(over.text)
        cut = go.call("slice", e, go.Lit(0), go.call("len", go.call("slice", e, go.Lit(1))))
        _over_pieces(ev, node, Split(types.string(cut), "\0"))
        return types.NONE

    ev.branch(ev.truth(over), inside, lambda: types.NONE)


def _over_characters(ev: Lowering, node: nodes.For, over: Value) -> None:
    """Characters of an unknown text: only loops that ask for parts of a content come here."""
    probe = types.string(go.Var(ev.fresh(), "character"), True)

    def inside() -> None:
        loop = Loop(0, None, position=(Const(0), types.TRUE, types.TRUE))
        _turn(ev, node, probe, loop)

    before = dict(ev.state)
    run = ev.run(ev.facts, lambda: (inside(), types.NONE)[1])
    if run.nodes or run.dead or run.state != before:
        raise Unsupported("a loop over the characters of a text", node.lineno)


__all__ = ["Dead", "dynamic", "execute_for", "fixpoint", "flush"]
