"""`for`: over known elements it is unrolled, over Go data it becomes a `range` (see `ranges`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from jinja2 import nodes

from ..ir import nodes as go
from ..values import types
from ..values.types import Cond, Const, ListV, Loop, Obj, Undef, Value
from .control_flow import Raised, Unsupported
from .lazy_selections import apply
from .variable_storage import shape_of

if TYPE_CHECKING:
    from .statements import Lowering

# Turns of a loop over known elements, and tries to find all names that a loop changes.
MAX_UNROLL = 500


def execute_for(ev: Lowering, node: nodes.For) -> None:
    """One `for` statement."""
    if node.recursive:
        raise Unsupported("a recursive for", node.lineno)
    over = ev.settle(ev.eval(node.iter))
    over = _one_list(ev, node, over)
    ev.line = node.lineno
    if node.test is not None and not isinstance(over, types.Query):
        counting(ev, node, lambda n: over_any(ev, n, over))
    else:
        over_any(ev, node, over)


def counting(ev: Lowering, node: nodes.For, go_over: Callable[[nodes.For], None]) -> None:
    """A loop of which some turns are left out, with a `loop` that counts those that are not."""
    if not uses_loop(node):
        go_over(node)
        return
    saved = ev.counted
    total: Value | None = None
    if attributes_of_loop(node) & {"last", "length", "revindex", "revindex0"}:
        sizing = nodes.For(node.target, node.iter, [], [], node.test, False)
        sizing.lineno = node.lineno
        size = ev.declare("size", go.Lit(""))
        ev.counted = (size, None)
        go_over(sizing)
        total = types.number(go.call("len", size))
    ev.counted = (ev.declare("n", go.Lit("")), total)
    try:
        go_over(node)
    finally:
        ev.counted = saved


def attributes_of_loop(node: nodes.For) -> frozenset[str]:
    """What a loop's body asks of `loop`; the empty text for `loop` itself."""
    found = node.__dict__.get("_asked")
    if found is None:
        names = [n for n in own_nodes(node.body) if isinstance(n, (nodes.Name, nodes.Getattr))]
        found = {""} if any(isinstance(n, nodes.Name) and n.name == "loop" for n in names) else set()
        for n in names:
            if isinstance(n, nodes.Getattr) and isinstance(n.node, nodes.Name) and n.node.name == "loop":
                found.add(n.attr)
        node.__dict__["_asked"] = found = frozenset(found)
    return found


def _one_list(ev: Lowering, node: nodes.For, over: Value) -> Value:
    """A choice between Go lists of one kind becomes a variable that holds the list."""
    found = list(types.leaves(over))
    first = found[0]
    if (
        not isinstance(over, Cond)
        or not isinstance(first, Obj)
        or any(shape_of(v) != shape_of(first) for v in found)
    ):
        return over
    name = node.iter.name if isinstance(node.iter, nodes.Name) else "list"
    var = ev.in_variable(name, over)
    held = Obj(first.kind, var, first.reverse)
    for key, value in ev.state.items():
        if value == over:
            ev.state[key] = held
    return held


def over_any(ev: Lowering, node: nodes.For, over: Value) -> None:
    """The loop over a value, by its kind."""
    from .iterables import over_unknown

    if isinstance(over, Cond):
        cond = over

        def half(v: Value) -> Callable[[], Value]:
            def run() -> Value:
                over_any(ev, node, ev.settle(v))
                return types.NONE

            return run

        ev.branch(cond.test, half(cond.then), half(cond.orelse))
    elif isinstance(over, ListV):
        _unroll(ev, node, over.items)
    elif isinstance(over, types.DictV):
        over_entries(ev, node, [(e.present, Const(e.key)) for e in over.entries])
    elif isinstance(over, types.Items):
        over_entries(ev, node, [(e.present, ListV((Const(e.key), e.value))) for e in over.entries])
    elif isinstance(over, Undef):
        ev.execute_all(node.else_)
    elif isinstance(over, Const) and isinstance(over.value, str):
        _unroll(ev, node, tuple(Const(c) for c in over.value))
    elif not over_unknown(ev, node, over):
        raise Raised("this value is not iterable")


def one_turn(ev: Lowering, node: nodes.For, element: Value, loop: Value) -> None:
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
    counted, ev.counted = ev.counted, None

    def body() -> Value:
        if flag:
            ev.assign(flag, go.Lit(True))
        ev.state[(ev.scope, "loop")] = _count(ev, *counted) if counted else loop
        ev.execute_all(node.body)
        return types.NONE

    ev.in_scope(inside)
    ev.entered, ev.selection, ev.counted = flag, steps, counted


def _count(ev: Lowering, turns: go.Var, total: Value | None) -> Loop:
    """`loop` in one more turn of a loop that is counted."""
    from .compare import equal

    ev.assign(turns, go.call("printf", go.Lit("%s."), turns))
    here = go.call("len", turns)
    at = types.number(here)
    last = types.boolean(equal(ev, at, total)) if total is not None else Undef("loop.last")
    place = (types.integer({here: 1}, -1), types.boolean(go.equal(here, go.Lit(1))), last)
    return Loop(0, None, position=place, length=total)


def own_nodes(body: Sequence[nodes.Node]) -> Iterator[nodes.Node]:
    """The nodes of a loop's body that belong to it and not to a loop or macro inside."""
    for node in body:
        yield node
        if isinstance(node, nodes.For):
            yield from own_nodes([node.iter, *node.else_])
        elif not isinstance(node, nodes.Macro):
            yield from own_nodes(list(node.iter_child_nodes()))


def uses_loop(node: nodes.For) -> bool:
    """Whether a loop's body looks at `loop`."""
    return bool(attributes_of_loop(node))


def has_exit(node: nodes.For) -> bool:
    """Whether a loop's body holds a `break` or `continue` of its own."""
    return leaves(node) or any(isinstance(n, nodes.Continue) for n in own_nodes(node.body))


def leaves(node: nodes.For) -> bool:
    """Whether a loop's body holds a `break` of its own."""
    return any(isinstance(n, nodes.Break) for n in own_nodes(node.body))


def _unroll(ev: Lowering, node: nodes.For, elements: tuple[Value, ...]) -> None:
    if len(elements) > MAX_UNROLL:
        raise Unsupported(f"a loop over more than {MAX_UNROLL} known elements", node.lineno)
    if node.test is not None:
        known = _filtered(ev, node, elements)
        if known is None:
            _choosing(ev, node, elements)
            return
        elements, ev.counted = known, None
    plain = nodes.For(node.target, node.iter, node.body, node.else_, None, False)
    plain.lineno = node.lineno
    if not elements:
        ev.execute_all(node.else_)
        return
    if has_exit(node):
        _unroll_with_exits(ev, plain, elements)
        return
    for n, element in enumerate(elements):
        one_turn(ev, plain, element, _known_loop(n, elements))


def _known_loop(n: int, elements: tuple[Value, ...]) -> Loop:
    place = (Const(n), Const(n == 0), Const(n == len(elements) - 1))
    return Loop(0, None, position=place, items=elements)


def _unroll_with_exits(ev: Lowering, node: nodes.For, elements: tuple[Value, ...]) -> None:
    """`break` and `continue` inside known turns: a `range` of one turn around each gives them a place."""
    ev.require("range_int", "break or continue in a loop over known elements")
    done = ev.declare("done", go.Lit(False)) if leaves(node) else None
    for n, element in enumerate(elements):

        def turn(_loop: int, n: int = n, element: Value = element) -> None:
            one_turn(ev, node, element, _known_loop(n, elements))

        turn_with_exits(ev, turn, node.lineno, done, first=n == 0)


def turn_with_exits(
    ev: Lowering, turn: Callable[[int], None], line: int, done: go.Var | None, *, first: bool = False
) -> None:
    """A turn that `break` or `continue` may leave; not taken where an earlier one set `done`."""
    from .ranges import fixpoint

    def once() -> Value:
        fixpoint(ev, turn, _one_turn_range, line, done)
        return types.NONE

    if done is None or first:
        once()
    else:
        ev.branch(go.Atom(done), lambda: types.NONE, once)


def _one_turn_range(body: list[go.Node], loop: int) -> go.Node:
    return go.Range(loop, go.Lit(1), tuple(body), index="once", count=True)


def _choosing(ev: Lowering, node: nodes.For, elements: tuple[Value, ...]) -> None:
    """Known elements of which some are left out at run time."""
    if node.else_ or has_exit(node):
        raise Unsupported("`else` or an exit in a loop that may leave out known elements", node.lineno)
    for element in elements:
        one_turn(ev, node, element, Loop(0, None))


def _filtered(ev: Lowering, node: nodes.For, elements: tuple[Value, ...]) -> tuple[Value, ...] | None:
    """The elements that a loop's filter keeps; None where that only shows at run time."""
    kept = []
    for element in elements:

        def ask(element: Value = element) -> go.Test:
            ev.bind(node.target, element)
            return ev.test(node.test)  # type: ignore[arg-type]

        test = ev.in_scope(ask)
        if not isinstance(test, go.Truth):
            return None
        if test.value:
            kept.append(element)
    return tuple(kept)


def over_entries(ev: Lowering, node: nodes.For, entries: list[tuple[go.Test, Value]]) -> None:
    """A loop over the keys of a dictionary, some of which may be absent."""
    entries = [(ev.facts.simplify(t), v) for t, v in entries]
    kept = entries
    if node.test is not None:
        wanted = _filtered(ev, node, tuple(v for _, v in entries))
        if wanted is None:
            raise Unsupported("a loop's filter that is only known at run time", node.lineno)
        kept, ev.counted = [(t, v) for t, v in entries if v in wanted], None
    if all(t == go.TRUE for t, _ in kept):
        plain = nodes.For(node.target, node.iter, node.body, node.else_, None, False)
        plain.lineno = node.lineno
        _unroll(ev, plain, tuple(v for _, v in kept))
        return
    plain = nodes.For(node.target, node.iter, node.body, [], None, False)
    plain.lineno = node.lineno
    counted = _counted_entries(ev, node, [t for t, _ in kept])
    for n, (present, value) in enumerate(kept):
        earlier = go.either(*(t for t, _ in kept[:n]))
        later = go.either(*(t for t, _ in kept[n + 1 :]))

        def turn(
            n: int = n, value: Value = value, earlier: go.Test = earlier, later: go.Test = later
        ) -> Value:
            first = types.boolean(ev.facts.simplify(go.negate(earlier)))
            last = types.boolean(ev.facts.simplify(go.negate(later)))
            ev.counted = counted or ev.counted
            one_turn(ev, plain, value, Loop(0, None, position=(Undef("loop.index"), first, last)))
            return types.NONE

        ev.branch(present, turn, lambda: types.NONE)


def _counted_entries(
    ev: Lowering, node: nodes.For, present: list[go.Test]
) -> tuple[go.Var, Value | None] | None:
    """Where turns are counted if a loop asks for more than whether it is the first or last."""
    asked = attributes_of_loop(node)
    if not asked - {"", "first", "last"}:
        return None
    total: Value | None = None
    if asked & {"last", "length", "revindex", "revindex0"}:
        size = ev.declare("size", go.Lit(""))
        for test in present:
            ev.emit(go.If(test, (go.Set(size, go.call("printf", go.Lit("%s."), size)),)))
        total = types.number(go.call("len", size))
    return ev.declare("n", go.Lit("")), total
