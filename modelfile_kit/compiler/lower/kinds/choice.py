"""A choice between values: both are asked."""

from __future__ import annotations

from jinja2 import nodes

from ...ir.nodes import Expr, Test
from ...values.choice import Cond, truth_of_either
from ..semantics import iterate, to_go, truth
from ..state import State


@truth.of(Cond)
def truth_of_choice(st: State, v: Cond) -> Test:
    return truth_of_either(v.test, truth(st, v.then), truth(st, v.orelse))


@to_go.of(Cond)
def choice_to_go(st: State, v: Cond) -> Expr:
    return st.in_variable("value", v)


@iterate.of(Cond)
def iterate_choice(st: State, v: Cond, node: nodes.For) -> None:
    st.either_way(
        v.test,
        lambda: iterate(st, st.settle(v.then), node),
        lambda: iterate(st, st.settle(v.orelse), node),
    )
