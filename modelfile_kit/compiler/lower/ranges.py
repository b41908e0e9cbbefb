"""A loop at run time: a `range`, and the names that change from one turn to the next.

They are found by running the body until nothing new changes; they live in Go variables from before
the loop, assigned where paths meet and at the end of a turn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jinja2 import nodes

from ..ir import nodes as go
from ..ir.nodes import Expr, Node
from ..values import types
from ..values.types import Cond, ListV, Obj, Parts, Split, Undef, Value
from .control_flow import Unsupported
from .symbolic_state import Carried, Key, State
from .variable_storage import Rep, fit, shape_of

if TYPE_CHECKING:
    from .statements import Lowering

# Tries to find all names that a loop changes.
MAX_TRIES = 24


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


def fixpoint(
    ev: Lowering,
    turn: Callable[[int], None],
    build: Callable[[list[Node], int], Node],
    line: int,
    done: go.Var | None = None,
) -> None:
    """Finds the names a loop changes, puts them in variables, and writes the loop."""
    start = dict(ev.state)
    mark = ev.fresh()
    reps: dict[Key, Rep] = {}
    notes = len(ev.diagnostics)
    for _ in range(MAX_TRIES):
        del ev.diagnostics[notes:]
        loop = ev.fresh()
        carried = Carried(reps, done=done)
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
    """A list or dictionary known at compile time cannot grow at run time."""
    fixed = [s[1] for s in rep.shapes if s[0] == "static"]
    for v in fixed:
        if not isinstance(v, (ListV, Split, types.DictV, Parts)):
            continue
        if len(fixed) > 1 or any(isinstance(e, (go.Item, go.Index)) for e in types.value_exprs(v)):
            raise Unsupported(f"the list or dictionary {key[1]} that a loop builds")


def _reuse(ev: Lowering, key: Key, rep: Rep, before: Value, start: State) -> Rep:
    """The name's own variable from an earlier loop serves again if nothing else looks at it."""
    if (
        rep.tag
        or rep.by_emptiness
        or rep.payload is None
        or not isinstance(before, (types.Str, types.Int, types.Bool, Obj))
    ):
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
