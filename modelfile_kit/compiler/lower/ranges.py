"""A loop at run time: a `range`, and the names that change from one iteration to the next.

They are found by running the body until nothing new changes; they live in Go variables from before
the loop, assigned where paths meet and at the end of an iteration.
"""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import nodes

from ..ir import nodes as go
from ..ir.nodes import Expr, Node
from ..values.choice import Cond, leaves
from ..values.known import NONE, KnownDict, KnownList, Undef
from ..values.lists import EncodedList, SplitText
from ..values.number import Int, Numbers, go_int, is_int
from ..values.request import ContentParts, Pairs, RuntimeValue
from ..values.text import Str, is_text
from ..values.truth import Bool
from ..values.value import Value, value_vars
from .control_flow import Unsupported
from .state import Bindings, Carried, Key, State
from .variable_storage import Kind, Rep, fit, is_filled, shape_of

# Tries to find all names that a loop changes.
MAX_TRIES = 24


def dynamic(
    st: State,
    node: nodes.For,
    over: Expr,
    once: Callable[[int], None],
    *,
    item: str,
    count: bool,
    index: str = "i",
) -> None:
    """A `range` whose body is `once`."""

    def build(body: list[Node], loop: int) -> Node:
        return go.Range(loop, over, tuple(body), item=item, index=index, count=count)

    entered: go.Test | None = None
    flag: go.Var | None = None
    if node.else_ and node.test is not None:
        flag = st.declare("entered", go.Lit(False))
        entered = go.Atom(flag)
    elif node.else_:
        entered = st.truth(go_int(over)) if count else go.Atom(over)
    outer, st.entered = st.entered, flag
    try:
        fixpoint(st, once, build, node.lineno)
    finally:
        st.entered = outer
    if entered is not None:
        st.either_way(go.negate(entered), lambda: otherwise(st, node))


def otherwise(st: State, node: nodes.For) -> None:
    """The `else` of a loop; what is set there does not leave it."""
    st.in_scope(lambda: st.execute_all(node.else_))


def fixpoint(
    st: State,
    once: Callable[[int], None],
    build: Callable[[list[Node], int], Node],
    line: int,
    done: go.Var | None = None,
) -> None:
    """Finds the names a loop changes, puts them in variables, and writes the loop."""
    start = dict(st.state)
    mark = st.fresh()
    reps: dict[Key, Rep] = {}
    notes = len(st.diagnostics)
    for _ in range(MAX_TRIES):
        del st.diagnostics[notes:]
        loop = st.fresh()
        carried = Carried(reps, done=done)
        body, ends, assigned = _attempt(st, start, carried, once, loop)
        grown = _grow(st, start, reps, ends, mark)
        if not grown:
            break
        reps = grown
    else:
        raise Unsupported("a loop whose variables take too many kinds of values", line)
    st.state = dict(start)
    for key, rep in reps.items():
        first = start.get(key) or st.lookup(st.parents.get(key[0]), key[1], start)
        if first == st.value_of(rep):
            continue
        simple = not isinstance(first, Cond)
        st.declare_rep(rep, first if simple else None)
        if not simple:
            st.store(rep, first)
    st.emit(build(body, loop))
    st.assigned |= assigned
    st.forget(assigned)
    for key, rep in reps.items():
        st.state[key] = st.value_of(rep)


def _attempt(
    st: State, start: Bindings, carried: Carried, once: Callable[[int], None], loop: int
) -> tuple[list[Node], list[Bindings], set[int]]:
    def thunk() -> Value:
        st.state = dict(start)
        for key, rep in carried.reps.items():
            st.state[key] = st.value_of(rep)
        once(loop)
        flush(st, carried)
        return NONE

    st.forget({v.id for r in carried.reps.values() for v in (r.payload, r.tag) if v})
    st.loops.append(carried)
    try:
        run = st.run(st.facts, thunk)
    finally:
        st.loops.pop()
    ends = list(carried.exits)
    if not run.dead:
        ends.append(run.state)
    return run.nodes, ends, run.assigned


def _grow(
    st: State, start: Bindings, reps: dict[Key, Rep], ends: list[Bindings], mark: int
) -> dict[Key, Rep] | None:
    """Representations for what the iterations changed, None if these are known already."""
    changed: dict[Key, Rep] = {}
    # What an iteration made for itself (scopes, namespaces) has a number above the mark.
    for key in {k: None for end in ends for k in end if k[0] < mark}:
        before = start.get(key)
        if before is None:
            before = st.lookup(st.parents.get(key[0]), key[1], start)
        rep = reps.get(key)
        after = [fit(rep, end[key]) for end in ends if key in end]
        now = st.value_of(rep) if rep else before
        if all(v == now for v in after):
            continue
        shapes = {shape_of(leaf) for v in after for leaf in leaves(v)}
        if rep and shapes <= set(rep.shapes) and _within(st, rep, after):
            continue
        if rep:
            merged = st.new_rep(key[1], [before, st.value_of(rep), *after])
        else:
            merged = st.new_rep(key[1], [before, *after])
        _check(key, merged)
        changed[key] = _reuse(st, key, merged, before, start)
    return {**reps, **changed} if changed else None


def _within(st: State, rep: Rep, after: list[Value]) -> bool:
    found = [leaf for v in after for leaf in leaves(v)]
    if any(is_int(v) and st.least(v) < rep.least for v in found):
        return False
    if rep.plain and any(isinstance(v, EncodedList) and not v.plain for v in found):
        return False
    if rep.by_emptiness or rep.nonempty:
        texts = [v for v in found if is_text(v)]
        return all(map(is_filled, texts))
    return True


def _check(key: Key, rep: Rep) -> None:
    """A list or dictionary known at compile time cannot grow at run time."""
    fixed = [s.like for s in rep.shapes if s.kind is Kind.FIXED]
    for v in fixed:
        if not isinstance(v, (KnownList, SplitText, KnownDict, ContentParts)):
            continue
        if len(fixed) > 1 or any(isinstance(e, (go.Item, go.Index)) for e in v.exprs()):
            raise Unsupported(f"the list or dictionary {key[1]} that a loop builds")


def _reuse(st: State, key: Key, rep: Rep, before: Value, start: Bindings) -> Rep:
    """The name's own variable from an earlier loop serves again if nothing else looks at it."""
    if (
        rep.tag
        or rep.by_emptiness
        or rep.payload is None
        or not isinstance(before, (Str, Int, Bool, RuntimeValue, Pairs, Numbers))
    ):
        return rep
    ids = value_vars(before)
    if len(ids) != 1 or any(k != key and value_vars(v) & ids for k, v in start.items()):
        return rep
    [one] = ids
    var = next(e for e in before.exprs() if isinstance(e, go.Var) and e.id == one)
    again = Rep(rep.shapes, var, None, False, rep.least, rep.nonempty)
    if st.value_of(again) != before or one not in st.visible():
        return rep
    return again


def flush(st: State, carried: Carried) -> None:
    """Assigns the variables of a loop what their names hold now, at the end of an iteration."""
    pending = {k: (rep, fit(rep, st.settle(st.state.get(k, Undef())))) for k, rep in carried.reps.items()}
    pending = {k: (r, v) for k, (r, v) in pending.items() if v != st.value_of(r)}
    pending = {
        k: (r, v) for k, (r, v) in pending.items() if all(shape_of(leaf) in r.shapes for leaf in leaves(v))
    }
    while pending:
        key = next(
            (
                k
                for k, (rep, _) in pending.items()
                if not any(
                    value_vars(v) & {x.id for x in (rep.payload, rep.tag) if x}
                    for other, (_, v) in pending.items()
                    if other != k
                )
            ),
            None,
        )
        if key is None:
            raise Unsupported("variables that exchange their values in a loop")
        rep, value = pending.pop(key)
        st.store(rep, value)
