"""Lists whose elements are known one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import nodes

from ...ir import nodes as go
from ...ir.nodes import Test
from ...ir.operations import JsonStyle
from ...values.choice import Cond, choose
from ...values.known import EMPTY, Const, KnownList, Undef
from ...values.lists import SelectionStep
from ...values.number import Int
from ...values.text import Part, text_of
from ...values.truth import bool_of
from ...values.value import Value
from ..compare import is_equal
from ..control_flow import Raised, Unsupported
from ..loops import unroll
from ..selections import apply
from ..semantics import (
    call_method,
    contains,
    element,
    equals,
    iterate,
    join,
    json_parts,
    length,
    representation,
    select,
    slice_of,
    to_json,
    to_repr,
    to_str,
    to_text,
    truth,
    unlike,
)
from ..state import State


@truth.of(KnownList)
def truth_of_list(st: State, v: KnownList) -> Test:
    return go.Truth(bool(v.items))


@length.of(KnownList)
def length_of_list(st: State, v: KnownList) -> Value:
    return Const(len(v.items))


@to_str.of(KnownList)
def list_to_str(st: State, v: KnownList) -> Value:
    return text_of(*representation(st, v))


@to_repr.of(KnownList)
def list_to_repr(st: State, v: KnownList) -> tuple[Part, ...]:
    inside: list[Part] = []
    for n, x in enumerate(v.items):
        inside += [", " if n else "", *representation(st, x)]
    return ("[", *inside, "]")


@to_json.of(KnownList)
def list_to_json(st: State, v: KnownList, style: JsonStyle, sort: bool) -> tuple[Part, ...]:
    if not v.items:
        return ("[]",)
    inner = style.deeper()
    out: list[Part] = ["["]
    for n, x in enumerate(v.items):
        out += [style.comma if n else "", inner.newline, *json_parts(st, x, inner, sort)]
    return (*out, style.newline, "]")


@element.of(KnownList)
def element_of_list(st: State, v: KnownList, n: Const | Int) -> Value:
    if isinstance(n, Int):
        raise Unsupported("an element of a list by an unknown index", st.line)
    try:
        return v.items[int(n.value)]  # type: ignore[arg-type]
    except IndexError:
        return Undef()


@slice_of.of(KnownList)
def slice_of_list(st: State, v: KnownList, start: Value, stop: Value, step: Value) -> Value:
    bounds: list[Any] = [b.value if isinstance(b, Const) else b for b in (start, stop, step)]
    if not all(b is None or isinstance(b, int) for b in bounds):
        raise Raised("this value cannot be sliced")
    if bounds[2] == 0:
        raise Raised("slice step cannot be zero")
    return KnownList(v.items[slice(*bounds)])


@contains.of(KnownList)
def list_contains(st: State, v: KnownList, needle: Value) -> Test:
    return go.either(*(st.truth(st.lift(x, lambda y: bool_of(is_equal(st, needle, y)))) for x in v.items))


@equals.of(KnownList)
def list_equals(st: State, v: KnownList, other: Value) -> Test:
    if not isinstance(other, KnownList):
        return unlike(st, v, other)
    if len(v.items) != len(other.items):
        return go.FALSE
    return go.both(*(is_equal(st, x, y) for x, y in zip(v.items, other.items, strict=True)))


@iterate.of(KnownList)
def iterate_list(st: State, v: KnownList, node: nodes.For) -> None:
    unroll(st, node, v.items)


@join.of(KnownList)
def join_list(st: State, v: KnownList, sep: Value) -> Value:
    result: Value = EMPTY
    for n, x in enumerate(v.items):
        if n:
            result = st.concat(result, sep)
        result = st.concat(result, to_text(st, x))
    return result


@call_method.of(KnownList)
def call_list_method(
    st: State, v: KnownList, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """Hugging Face's sandbox refuses the methods that change a list."""
    if name in ("append", "pop", "extend"):
        raise Raised(f"SecurityError: access to attribute {name!r} is unsafe")
    raise Unsupported(f"the method {name} of {v.description}", st.line)


@select.of(KnownList)
def select_from_list(st: State, v: KnownList, step: SelectionStep) -> Value:
    """Worked out at once where it is known what is kept."""
    kept = []
    for x in v.items:
        test, value = apply(st, (step,), x)
        if not isinstance(test, go.Truth):
            return _chosen(st, v, step)
        if test.value:
            kept.append(value)
    return KnownList(tuple(kept))


# Every element that may be left out doubles the lists that there can be.
MAX_CHOSEN = 5


def _chosen(st: State, v: KnownList, step: SelectionStep) -> Value:
    """A known list from which run time takes elements away: a choice between lists."""
    if len(v.items) > MAX_CHOSEN:
        raise Unsupported(
            f"selecting from more than {MAX_CHOSEN} known elements by a test of the request", st.line
        )
    found: Value = KnownList(())
    for x in v.items:
        test, value = apply(st, (step,), x)

        def longer(y: Value, value: Value = value) -> Value:
            assert isinstance(y, KnownList)
            return KnownList((*y.items, value))

        found = choose(test, _each_list(found, longer), found)
    return st.settle(found)


def _each_list(v: Value, rule: Callable[[Value], Value]) -> Value:
    if isinstance(v, Cond):
        return choose(v.test, _each_list(v.then, rule), _each_list(v.orelse, rule))
    return rule(v)
