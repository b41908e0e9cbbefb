"""`.items()` of a mapping of the request."""

from __future__ import annotations

from jinja2 import nodes

from ...ir import nodes as go
from ...ir.nodes import Expr, Test
from ...values.callables import LoopVariable
from ...values.known import Const, KnownList
from ...values.number import Int, sum_of
from ...values.request import Data, Pairs, RuntimeValue
from ...values.text import go_text
from ...values.truth import bool_of
from ...values.value import Value
from ..control_flow import Unsupported
from ..loops import attributes_of_loop, iteration
from ..ranges import dynamic
from ..semantics import contains, element, equals, iterate, to_go, truth, unlike
from ..state import State
from ..structs import note_order


@truth.of(Pairs)
def truth_of_pairs(st: State, v: Pairs) -> Test:
    return go.Atom(v.expr)


@to_go.of(Pairs)
def pairs_to_go(st: State, v: Pairs) -> Expr:
    return v.expr


@element.of(Pairs)
def element_of_pairs(st: State, v: Pairs, n: Const | Int) -> Value:
    raise Unsupported("one of the items of a mapping", st.line)


@contains.of(Pairs)
def pairs_contain(st: State, v: Pairs, needle: Value) -> Test:
    raise Unsupported("`in` the items of a mapping", st.line)


@equals.of(Pairs)
def pairs_equal(st: State, v: Pairs, other: Value) -> Test:
    return go.TRUE if v == other else unlike(st, v, other)


@iterate.of(Pairs)
def iterate_pairs(st: State, v: Pairs, node: nodes.For) -> None:
    """Go's keys come in order, and there is no index beside them."""
    inner = Data.PROPERTY if v.of in (Data.PROPERTIES, Data.PROPERTY_MAP) else Data.JSON
    note_order(st, v.of)
    names = (
        [t.name for t in node.target.items if isinstance(t, nodes.Name)]
        if isinstance(node.target, nodes.Tuple)
        else []
    )
    key, value = names if len(names) == 2 else ("key", "value")
    count = st.declare("n", go.Lit("")) if attributes_of_loop(node) - {""} else None
    size: go.Expr = go.call("len", v.expr)
    if v.of is Data.PROPERTY_MAP and count:
        if not isinstance(v.expr, go.Field):
            raise Unsupported("`loop` over items that a recursive macro is given", node.lineno)
        size = go.Field(v.expr.base, "Len")

    def once(loop: int) -> None:
        place = None
        if count:
            st.assign(count, go.call("printf", go.Lit("%s."), count))
            here = go.call("len", count)
            place = (
                sum_of({here: 1}, -1),
                bool_of(go.equal(here, go.Lit(1))),
                bool_of(go.equal(here, size)),
            )
        pair = KnownList((go_text(go.Index(loop, key)), RuntimeValue(inner, go.Item(loop, value))))
        iteration(st, node, pair, LoopVariable(loop, None, position=place))

    dynamic(st, node, v.expr, once, item=value, count=False, index=key)
