"""JSON values: tool arguments, and what a schema holds. Their type only shows at run time."""

from __future__ import annotations

from jinja2 import nodes

from ...ir import nodes as go
from ...ir import operations as ops
from ...ir.nodes import Lit, Test, call
from ...values.choice import choose
from ...values.known import FALSE, NONE, Const, Undef
from ...values.lists import Selection, SelectionStep
from ...values.number import Int, go_int, is_int
from ...values.request import Data, Pairs, RuntimeValue
from ...values.text import Block, go_text, is_text, text_of
from ...values.truth import bool_of, test_of
from ...values.value import Value
from ..control_flow import Raised, Unsupported
from ..json_types import LIST, MAP, is_kind
from ..printing import print_value
from ..semantics import (
    DICT_METHODS,
    STR_METHODS,
    contains,
    element,
    equals,
    item,
    iterate,
    join,
    length,
    methods_of,
    pairs,
    select,
    to_str,
)
from ..state import State
from ..structs import keys_of
from .go_data import data_equals, is_present


@methods_of.of(Data.JSON)
def methods_of_json(st: State, v: RuntimeValue) -> frozenset[str]:
    return DICT_METHODS | STR_METHODS


@length.of(Data.ARGUMENTS, Data.PROPERTIES)
def length_of_map(st: State, v: RuntimeValue) -> Value:
    return go_int(go.call("len", v.expr))


@length.of(Data.JSON)
def length_of_json(st: State, v: RuntimeValue) -> Value:
    return st.branch(
        is_kind(v.expr, "string"),
        lambda: length(st, go_text(v.expr)),
        lambda: go_int(go.call("len", v.expr)),
    )


@to_str.of(Data.JSON)
def json_to_str(st: State, v: RuntimeValue) -> Value:
    if st.holding:
        return _simple_text(st, v.expr)
    st.require("range_int", "printing a JSON value")
    return choose(
        st.facts.simplify(is_kind(v.expr, "string")), go_text(v.expr), go_text(ops.PythonStr(v.expr))
    )


def _simple_text(st: State, e: go.Expr) -> Value:
    """`str(v)` in the text of a macro that calls itself: for lists and mappings it takes 3 kB a place."""

    def nested() -> Value:
        raise Unsupported("printing a list or mapping inside the text of a recursive macro", st.line)

    def simple() -> Value:
        truth = choose(go.Atom(e), Const("True"), Const("False"))
        other = choose(is_kind(e, "<nil>"), Const("None"), go_text(call("json", e)))
        return choose(is_kind(e, "string"), go_text(e), choose(is_kind(e, "bool"), truth, other))

    return st.branch(go.either(is_kind(e, LIST), is_kind(e, MAP)), nested, simple)


@item.of(Data.ARGUMENTS, Data.PROPERTIES, Data.JSON)
def item_of_json(st: State, v: RuntimeValue, key: Value) -> Value:
    if isinstance(key, (Const, Int)) and is_int(key):
        return element(st, v, key)
    return _at_key(st, v, key)


def _at_key(st: State, v: RuntimeValue, key: Value) -> Value:
    """`mapping[key]`; a key that holds null is taken as absent, which Go cannot tell apart."""
    if not is_text(key):
        raise Unsupported("a key of a JSON value that is no text", st.line)
    name = str(key.value) if isinstance(key, Const) else ""
    found = call("index", v.expr, st.to_go(key))
    if v.data is Data.PROPERTIES:
        there: Test = go.Atom(go.Field(found, "Type"))
        return st.settle(choose(st.facts.simplify(there), RuntimeValue(Data.PROPERTY, found), Undef(name)))
    there = go.negate(is_kind(found, "<nil>"))
    if v.data is Data.JSON:
        there = go.both(is_kind(v.expr, "map[string]interface {}"), there)
    return st.settle(choose(st.facts.simplify(there), RuntimeValue(Data.JSON, found), Undef(name)))


@element.of(Data.JSON)
def element_of_json(st: State, v: RuntimeValue, n: Const | Int) -> Value:
    """An element of a list or a character of a text; anything else has none."""
    return st.branch(
        is_kind(v.expr, LIST),
        lambda: element(st, RuntimeValue(Data.JSON_LIST, v.expr), n),
        lambda: st.branch(
            is_kind(v.expr, "string"), lambda: item(st, go_text(v.expr), n), lambda: Undef(str(n))
        ),
    )


@contains.of(Data.ARGUMENTS, Data.PROPERTIES, Data.JSON)
def json_contains(st: State, v: RuntimeValue, needle: Value) -> Test:
    if not is_text(needle):
        raise Unsupported(f"`in` {v.description}", st.line)
    has_key = is_present(st, _at_key(st, v, needle))
    if v.data is not Data.JSON:
        return has_key
    listed = is_kind(v.expr, LIST)
    is_listed = st.branch(listed, lambda: bool_of(json_list_contains(st, v, needle)), lambda: FALSE)
    return go.either(has_key, st.truth(is_listed))


@contains.of(Data.JSON_LIST)
def json_list_contains(st: State, v: RuntimeValue, needle: Value) -> Test:
    """`x in list` of JSON values."""
    found = st.declare("found", Lit(False))
    loop = st.fresh()
    item = go.Item(loop)
    hit = go.both(is_kind(item, "string"), go.equal(item, st.to_go(needle)))
    st.emit(go.Range(loop, v.expr, (go.If(hit, (go.Set(found, Lit(True)),)),)))
    return go.Atom(found)


@iterate.of(Data.JSON)
def iterate_json(st: State, v: RuntimeValue, node: nodes.For) -> None:
    """A list's elements, a mapping's keys."""

    def characters() -> None:
        # a schema's list given as one text: a third copy of the body for a request that means no such thing
        raise Unsupported("a loop over the characters of a text", node.lineno)

    def neither() -> None:
        raise Raised("this value is not iterable")

    st.either_way(
        is_kind(v.expr, LIST),
        lambda: iterate(st, RuntimeValue(Data.JSON_LIST, v.expr), node),
        lambda: st.either_way(
            is_kind(v.expr, MAP),
            lambda: iterate(st, RuntimeValue(Data.ARGUMENTS, v.expr), node),
            lambda: st.either_way(is_kind(v.expr, "string"), characters, neither),
        ),
    )


@iterate.of(Data.ARGUMENTS, Data.PROPERTIES)
def iterate_keys(st: State, v: RuntimeValue, node: nodes.For) -> None:
    iterate(st, Pairs(v.data, v.expr), keys_of(node))


@pairs.of(Data.ARGUMENTS, Data.PROPERTIES, Data.JSON)
def pairs_of_json(st: State, v: RuntimeValue, sort: bool = False) -> Value:
    return Pairs(v.data, v.expr)


@join.of(Data.JSON_LIST)
def join_json(st: State, v: RuntimeValue, sep: Value) -> Value:
    """The values as Python prints them."""
    if not isinstance(sep, Const):
        raise Unsupported("the filter join with an unknown separator", st.line)
    loop = st.fresh()
    between = go.If(go.Atom(go.Index(loop)), (go.Text(str(sep.value)),))

    def body() -> Value:
        st.emit(between)
        print_value(st, RuntimeValue(Data.JSON, go.Item(loop)))
        return NONE

    run = st.run(st.facts, body)
    return text_of(Block((go.Range(loop, v.expr, tuple(run.nodes)),)))


@join.of(Data.JSON)
def join_json_list(st: State, v: RuntimeValue, sep: Value) -> Value:
    """A list's values; a text's characters and a mapping's keys are refused."""

    def other() -> Value:
        raise Unsupported("the filter join for a JSON value that is no list", st.line)

    return st.branch(
        is_kind(v.expr, LIST), lambda: join(st, RuntimeValue(Data.JSON_LIST, v.expr), sep), other
    )


@select.of(Data.JSON)
def select_from_json(st: State, v: RuntimeValue, step: SelectionStep) -> Value:
    """Elements of a list; a text's characters and a mapping's keys are refused."""

    def other() -> Value:
        raise Unsupported("filtering a JSON value that is no list", st.line)

    return st.branch(
        is_kind(v.expr, LIST), lambda: Selection(RuntimeValue(Data.JSON_LIST, v.expr), (step,)), other
    )


@equals.of(Data.JSON)
def json_equals(st: State, v: RuntimeValue, other: Value) -> Test:
    if isinstance(other, RuntimeValue):
        return data_equals(st, v, other)
    if is_text(other):
        return go.both(is_kind(v.expr, "string"), go.equal(v.expr, st.to_go(other)))
    t = test_of(other)
    if isinstance(t, go.Truth):
        same = go.Atom(v.expr) if t.value else go.negate(go.Atom(v.expr))
        # for Python 1 is equal to true, and 0 to false
        number = go.equal(go.call("json", v.expr), go.Lit("1" if t.value else "0"))
        return go.either(go.both(is_kind(v.expr, "bool"), same), number)
    if other == NONE:
        return is_kind(v.expr, "<nil>")
    raise Unsupported(f"comparing a JSON value with {other.description}", st.line)
