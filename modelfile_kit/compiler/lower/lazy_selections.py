"""`selectattr`, `rejectattr`, `select`, `reject`, `map`: kept until something is asked of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..ir.nodes import Test
from ..values import types
from ..values.types import Const, DictV, ListV, Obj, Parts, Query, Step, Undef, Value
from .control_flow import Raised, Unsupported

if TYPE_CHECKING:
    from .evaluate import Evaluator


def query(ev: Evaluator, v: Value, step: Step) -> Value:
    """One more step on a list; known lists are worked out at once."""
    if isinstance(v, Query):
        return Query(v.over, (*v.steps, step))
    if isinstance(v, Undef) or v == types.NONE:
        return ListV(())
    if isinstance(v, DictV):
        return _keys(ev, v, step)
    if isinstance(v, ListV):
        kept = []
        for x in v.items:
            test, value = apply(ev, (step,), x)
            if not isinstance(test, go.Truth):
                return _chosen(ev, v, step)
            if test.value:
                kept.append(value)
        return ListV(tuple(kept))
    if types.is_text(v):
        # characters have no attributes: what holds for one unknown character holds for all
        test, _ = apply(ev, (step,), types.string(go.Var(ev.fresh(), "character"), True))
        if test == go.FALSE:
            return ListV(())
        raise Unsupported("choosing characters of a text", ev.line)
    if isinstance(v, Parts):
        return _parts(ev, v, step)
    if isinstance(v, Obj):
        return Query(v, (step,))
    raise Raised("this value is not iterable")


# Every element that may be left out doubles the lists that there can be.
MAX_CHOSEN = 5


def _chosen(ev: Evaluator, v: ListV, step: Step) -> Value:
    """A known list from which run time takes elements away: a choice between lists."""
    if len(v.items) > MAX_CHOSEN:
        raise Unsupported("choosing elements of a known list by what is unknown", ev.line)
    found: Value = ListV(())
    for x in v.items:
        test, value = apply(ev, (step,), x)

        def longer(y: Value, value: Value = value) -> Value:
            assert isinstance(y, ListV)
            return ListV((*y.items, value))

        found = types.choose(test, _each_list(found, longer), found)
    return ev.settle(found)


def _each_list(v: Value, rule: Callable[[Value], Value]) -> Value:
    if isinstance(v, types.Cond):
        return types.choose(v.test, _each_list(v.then, rule), _each_list(v.orelse, rule))
    return rule(v)


def _parts(ev: Evaluator, v: Parts, step: Step) -> Value:
    """Of a content with pictures the words alone, or what takes a loop to say."""
    from .parts import PICTURE, words_of

    kept, _ = apply(ev, (step,), PICTURE)
    with_words, words = apply(ev, (step,), words_of(v.message))
    if kept == go.FALSE and with_words == go.TRUE:
        return ListV((words,))
    return Query(v, (step,))


def _keys(ev: Evaluator, v: DictV, step: Step) -> Value:
    """A dictionary is a list of its keys."""
    entries = []
    for e in v.entries:
        test, _ = apply(ev, (step,), Const(e.key))
        if not isinstance(test, go.Truth) or step.kind == "map":
            raise Unsupported("choosing keys by what is unknown", ev.line)
        if test.value:
            entries.append(e)
    return DictV(tuple(entries))


def apply(ev: Evaluator, steps: tuple[Step, ...], element: Value) -> tuple[Test, Value]:
    """Whether an element is kept, and what it becomes."""
    from .attributes import item
    from .filters import FILTERS
    from .jinja_tests import TESTS

    test: Test = go.TRUE
    for step in steps:
        subject = element
        if step.attribute is not None:
            for name in step.attribute.split("."):
                key = Const(int(name) if name.isdigit() else name)
                subject = ev.lift(subject, lambda x, k=key: item(ev, x, k))  # type: ignore[misc]
        if step.kind == "map":
            if step.name:
                rule = FILTERS.get(step.name)
                if rule is None:
                    raise Unsupported(f"map with the filter {step.name}", ev.line)
                subject = ev.lift(subject, lambda x, r=rule, s=step: r(ev, x, *s.args))  # type: ignore[misc]
            element = subject
            continue
        if step.name:
            known = TESTS.get(step.name)
            if known is None:
                raise Unsupported(f"the test {step.name}", ev.line)
            kept = ev.truth(ev.lift(subject, _asking(ev, known, step)))
        else:
            kept = ev.truth(subject)
        test = go.both(test, kept if step.kind == "select" else go.negate(kept))
    return ev.facts.simplify(test), element


def _asking(ev: Evaluator, rule: Callable[..., Test], step: Step) -> Callable[[Value], Value]:
    """A test of Jinja's as a rule for one value."""
    return lambda x: types.boolean(ev.facts.simplify(rule(ev, x, *step.args)))


def each(ev: Evaluator, q: Query, body: Callable[[Value, int], None]) -> None:
    """A `range` over the list in which the body runs for what is kept."""
    from .slices import ELEMENTS, element_value

    if not isinstance(q.over, Obj) or q.over.kind not in ELEMENTS or q.over.reverse:
        raise Unsupported("this selection", ev.line)
    over = q.over
    loop = ev.fresh()
    ev.loop_over[loop] = over.expr

    def inside() -> Value:
        element = element_value(over.kind, go.Item(loop, over.kind.rstrip("s")))
        test, value = apply(ev, q.steps, element)

        def run() -> Value:
            body(value, loop)
            return types.NONE

        ev.branch(test, run, lambda: types.NONE)
        return types.NONE

    run = ev.run(ev.facts, inside)
    ev.emit(go.Range(loop, over.expr, tuple(run.nodes), item=over.kind.rstrip("s")))
    ev.assigned |= run.assigned
    ev.forget(run.assigned)


def count(ev: Evaluator, q: Query) -> Value:
    """How many are kept."""
    n = ev.declare("n", go.Lit(""))
    each(ev, q, lambda _v, _l: ev.assign(n, go.call("printf", go.Lit("%s."), n)))
    return types.number(go.call("len", n))


def some(ev: Evaluator, q: Query) -> Test:
    """Whether any is kept."""
    found = ev.declare("found", go.Lit(False))
    each(ev, q, lambda _v, _l: ev.assign(found, go.Lit(True)))
    return go.Atom(found)


def pick(ev: Evaluator, q: Query, key: Value) -> Value:
    """The first or last that is kept."""
    if key not in (Const(0), Const(-1)):
        raise Unsupported("an element in the middle of a selection", ev.line)
    rep = None
    held: list[Value] = []

    def note(value: Value, _loop: int) -> None:
        held.append(value)

    def look() -> Value:
        each(ev, q, note)
        return types.NONE

    probe = ev.run(ev.facts, look)
    if len(held) != 1 or probe.dead:
        raise Unsupported("an element of this selection", ev.line)
    rep = ev.new_rep("last" if key == Const(-1) else "first", [held[0], Undef()])
    ev.declare_rep(rep, Undef())
    empty = ev.truth(ev.lift(ev.value_of(rep), lambda x: Const(isinstance(x, Undef))))

    def keep(value: Value, _loop: int) -> None:
        def store() -> Value:
            ev.store(rep, value)
            return types.NONE

        if key == Const(-1):
            store()
        else:
            ev.branch(empty, store, lambda: types.NONE)

    each(ev, q, keep)
    return ev.value_of(rep)
