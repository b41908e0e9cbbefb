"""`range(…)` of unknown length."""

from __future__ import annotations

from jinja2 import nodes

from ...ir import nodes as go
from ...ir.nodes import Expr, Test
from ...values.callables import LoopVariable
from ...values.known import Const
from ...values.number import Int, Numbers, go_int, sum_of
from ...values.truth import bool_of
from ...values.value import Value
from ..control_flow import Unsupported
from ..integers import equal_ints
from ..loops import iteration
from ..ranges import dynamic
from ..semantics import contains, element, equals, iterate, to_go, truth, unlike
from ..state import State


@truth.of(Numbers)
def truth_of_range(st: State, v: Numbers) -> Test:
    return go.TRUE if v.start.terms else go.Atom(v.size)


@to_go.of(Numbers)
def range_to_go(st: State, v: Numbers) -> Expr:
    if v.start.terms:
        raise Unsupported("a range of numbers in a variable", st.line)
    return v.size


@element.of(Numbers)
def element_of_range(st: State, v: Numbers, n: Const | Int) -> Value:
    raise Unsupported("an element of a range of unknown numbers", st.line)


@contains.of(Numbers)
def range_contains(st: State, v: Numbers, needle: Value) -> Test:
    raise Unsupported("`in` a range of unknown numbers", st.line)


@equals.of(Numbers)
def range_equals(st: State, v: Numbers, other: Value) -> Test:
    return go.TRUE if v == other else unlike(st, v, other)


@iterate.of(Numbers)
def iterate_range(st: State, v: Numbers, node: nodes.For) -> None:
    name = node.target.name if isinstance(node.target, nodes.Name) else "i"
    st.require("range_int", "a loop over numbers")

    def once(loop: int) -> None:
        here = go_int(go.Index(loop, name))
        size = go_int(v.size)
        if isinstance(v.size, go.Call) and v.size.fn == "len" and not v.reverse:
            st.loop_over[loop] = v.size.args[0]
        i: Value = sum_of({**dict(v.start.terms), go.Index(loop, name): 1}, v.start.const)
        if v.reverse:
            i = sum_of({v.size: 1, go.Index(loop, name): -1}, -1)
        first = bool_of(go.equal(go.Index(loop), go.Lit(0)))
        last = bool_of(equal_ints(st, sum_of({go.Index(loop, name): 1}, 1), size))
        iteration(st, node, i, LoopVariable(loop, None, position=(here, first, last), length=size))

    dynamic(st, node, v.size, once, item=name, count=True, index=name)
