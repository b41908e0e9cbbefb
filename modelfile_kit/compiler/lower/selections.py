"""Selections: whether a list's element is kept, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable

from ...core.numbers import MOST_DIGITS
from ..ir import nodes as go
from ..ir.nodes import Test
from ..values.known import NONE, Const
from ..values.lists import MARK, EncodedList, Selection, SelectionStep, SplitText, StepKind
from ..values.request import ELEMENT_NAMES, ELEMENTS, RuntimeValue, element_value
from ..values.text import go_text
from ..values.truth import bool_of
from ..values.value import Value
from . import idioms
from .control_flow import Unsupported
from .rule_calls import by_rule
from .semantics import item
from .state import State


def apply(st: State, steps: tuple[SelectionStep, ...], element: Value) -> tuple[Test, Value]:
    """Whether an element is kept, and what it becomes."""
    test: Test = go.TRUE
    for step in steps:
        subject = element
        if step.attribute is not None:
            for name in step.attribute.split("."):
                key = Const(int(name) if name.isdecimal() and len(name) <= MOST_DIGITS else name)
                subject = st.lift(subject, lambda x, k=key: item(st, x, k))  # type: ignore[misc]
        if step.kind is StepKind.MAP:
            if step.name:
                rule = st.rules.filters.get(step.name)
                if rule is None:
                    raise Unsupported(f"map with the filter {step.name}", st.line)
                subject = st.lift(subject, _mapping(st, rule, step))
            element = subject
            continue
        if step.name:
            known = st.rules.tests.get(step.name)
            if known is None:
                raise Unsupported(f"the test {step.name}", st.line)
            kept = st.truth(st.lift(subject, _asking(st, known, step)))
        else:
            kept = st.truth(subject)
        test = go.both(test, kept if step.kind is StepKind.SELECT else go.negate(kept))
    return st.facts.simplify(test), element


def _asking(st: State, rule: Callable[..., Test], step: SelectionStep) -> Callable[[Value], Value]:
    """A test of Jinja's as a rule for one value."""
    what = f"the test {step.name}"
    return lambda x: bool_of(st.facts.simplify(by_rule(st, what, rule, x, *step.args)))


def _mapping(st: State, rule: Callable[..., Value], step: SelectionStep) -> Callable[[Value], Value]:
    """A filter as a rule for one value."""
    return lambda x: by_rule(st, f"the filter {step.name}", rule, x, *step.args)


def each(st: State, q: Selection, body: Callable[[Value, int], None]) -> None:
    """A `range` over the list in which the body runs for what is kept."""
    if isinstance(q.over, SplitText) and q.over.limit < 0 and not q.over.skip:
        _each_piece(st, q, st.to_go(q.over.text), q.over.sep, body)
        return
    if isinstance(q.over, EncodedList) and q.over.plain and q.over.of is None:
        _each_piece(st, q, st.to_go(q.over.text), MARK, body, but_last=True)
        return
    if not isinstance(q.over, RuntimeValue) or q.over.data not in ELEMENTS or q.over.reverse:
        raise Unsupported(f"filtering {q.over.description}", st.line)
    over = q.over
    loop = st.fresh()
    st.loop_over[loop] = over.expr
    element = element_value(over.data, go.Item(loop, ELEMENT_NAMES[over.data]))
    run = st.run(st.facts, lambda: _visit(st, q, element, lambda value: body(value, loop)))
    st.emit(go.Range(loop, over.expr, tuple(run.nodes), item=ELEMENT_NAMES[over.data]))
    st.assigned |= run.assigned
    st.forget(run.assigned)


def _visit(st: State, q: Selection, element: Value, body: Callable[[Value], None]) -> Value:
    """The body for one element, if it is kept."""
    test, value = apply(st, q.steps, element)

    def run() -> Value:
        body(value)
        return NONE

    return st.branch(test, run, lambda: NONE)


def _each_piece(
    st: State,
    q: Selection,
    text: go.Expr,
    sep: str,
    body: Callable[[Value, int], None],
    but_last: bool = False,
) -> None:
    """The same for the pieces of a text; `but_last` leaves out what stands after the last separator."""
    assigned = set[int]()

    def piece(found: go.Expr, _first: Test, last: Test) -> None:
        run = st.run(st.facts, lambda: _visit(st, q, go_text(found), lambda value: body(value, 0)))
        st.emit(*((go.If(go.negate(last), tuple(run.nodes)),) if but_last else run.nodes))
        assigned.update(run.assigned)

    idioms.pieces(st, text, sep, piece)
    st.assigned |= assigned
    st.forget(assigned)
