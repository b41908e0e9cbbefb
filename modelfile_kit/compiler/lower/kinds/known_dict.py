"""Dictionaries with known keys."""

from __future__ import annotations

import json

from jinja2 import nodes

from ...ir import nodes as go
from ...ir.nodes import Test
from ...ir.operations import JsonStyle
from ...values.choice import choose
from ...values.known import NONE, Const, DictEntry, KnownDict, KnownItems, KnownList, Undef
from ...values.lists import SelectionStep, StepKind
from ...values.number import is_int
from ...values.text import Choice, Part, Str, as_str, is_text, text_of
from ...values.value import Value
from ..compare import is_equal
from ..control_flow import Unsupported
from ..loops import over_entries
from ..selections import apply
from ..semantics import (
    DICT_METHODS,
    as_dict,
    call_method,
    contains,
    is_mapping,
    item,
    iterate,
    json_parts,
    length,
    methods_of,
    pairs,
    representation,
    select,
    to_json,
    to_repr,
    to_str,
    truth,
)
from ..state import State


@methods_of.of(KnownDict)
def methods_of_dict(st: State, v: KnownDict) -> frozenset[str]:
    return DICT_METHODS


@is_mapping.of(KnownDict)
def dict_is_mapping(st: State, v: KnownDict) -> bool:
    return True


@truth.of(KnownDict)
def truth_of_dict(st: State, v: KnownDict) -> Test:
    return go.either(*(e.present for e in v.entries))


@length.of(KnownDict)
def length_of_dict(st: State, v: KnownDict) -> Value:
    if any(e.present != go.TRUE for e in v.entries):
        raise Unsupported("the length of a dictionary some of whose keys may be absent", st.line)
    return Const(len(v.entries))


@to_str.of(KnownDict)
def dict_to_str(st: State, v: KnownDict) -> Value:
    return text_of(*representation(st, v))


@to_repr.of(KnownDict)
def dict_to_repr(st: State, v: KnownDict) -> tuple[Part, ...]:
    out: list[Part] = ["{"]
    for n, e in enumerate(v.entries):
        if n == 0 and e.present != go.TRUE:
            raise Unsupported("printing a mapping whose first key may be absent", st.line)
        part = text_of(", " if n else "", repr(e.key) + ": ", *representation(st, e.value))
        whole = as_str(part)
        out += whole.parts if e.present == go.TRUE else [Choice(e.present, whole, Str(()))]
    return (*out, "}")


@to_json.of(KnownDict)
def dict_to_json(st: State, v: KnownDict, style: JsonStyle, sort: bool) -> tuple[Part, ...]:
    entries = sorted(v.entries, key=lambda e: str(e.key)) if sort else v.entries
    if not entries:
        return ("{}",)
    inner = style.deeper()
    out: list[Part] = ["{"]
    for n, e in enumerate(entries):
        if n == 0 and e.present != go.TRUE:
            raise Unsupported("tojson of a mapping whose first key may be absent", st.line)
        key = json.dumps(_key(e.key), ensure_ascii=False) + style.colon
        part: list[Part] = [
            style.comma if n else "",
            inner.newline,
            key,
            *json_parts(st, e.value, inner, sort),
        ]
        whole = as_str(text_of(*part))
        out += whole.parts if e.present == go.TRUE else [Choice(e.present, whole, Str(()))]
    return (*out, style.newline, "}")


def _key(key: str | int | float | bool | None) -> str:
    """A key as JSON writes it: always a text."""
    return key if isinstance(key, str) else json.dumps(key)


@item.of(KnownDict)
def item_of_dict(st: State, v: KnownDict, key: Value) -> Value:
    if isinstance(key, Const):
        for e in v.entries:
            if Const(e.key) == key:
                return st.settle(choose(st.facts.simplify(e.present), e.value, Undef(str(e.key))))
        return Undef(str(key.value))
    if is_int(key) and all(isinstance(e.key, int) for e in v.entries):
        raise Unsupported("a key of a dictionary that is an unknown number", st.line)
    if is_text(key):
        result: Value = Undef()
        for e in reversed(v.entries):
            if not isinstance(e.key, str):
                continue
            here = go.both(e.present, go.equal(st.to_go(key), go.Lit(e.key)))
            result = choose(here, e.value, result)
        return st.settle(result)
    return Undef()


@contains.of(KnownDict)
def dict_contains(st: State, v: KnownDict, needle: Value) -> Test:
    return go.either(*(go.both(e.present, is_equal(st, needle, Const(e.key))) for e in v.entries))


@as_dict.of(KnownDict)
def dict_as_dict(st: State, v: KnownDict) -> KnownDict:
    return v


@iterate.of(KnownDict)
def iterate_dict(st: State, v: KnownDict, node: nodes.For) -> None:
    over_entries(st, node, [(e.present, Const(e.key)) for e in v.entries])


@iterate.of(KnownItems)
def iterate_items(st: State, v: KnownItems, node: nodes.For) -> None:
    over_entries(st, node, [(e.present, KnownList((Const(e.key), e.value))) for e in v.entries])


@pairs.of(KnownDict)
def pairs_of_dict(st: State, v: KnownDict, sort: bool = False) -> Value:
    entries = tuple(sorted(v.entries, key=_sort_key)) if sort else v.entries
    if all(e.present == go.TRUE for e in entries):
        return KnownList(tuple(KnownList((Const(e.key), e.value)) for e in entries))
    return KnownItems(entries)


def _sort_key(e: DictEntry) -> tuple[str, str | int | float | bool | None]:
    """Jinja's dictsort looks at texts without regard to case."""
    return (e.key.lower(), "") if isinstance(e.key, str) else ("", e.key)


@call_method.of(KnownDict)
def call_dict_method(
    st: State, v: KnownDict, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    if name == "get":
        return get(st, v, args, kwargs)
    if name == "items":
        return pairs(st, v)
    if name == "keys":
        return v
    if name == "values" and all(e.present == go.TRUE for e in v.entries):
        return KnownList(tuple(e.value for e in v.entries))
    raise Unsupported(f"the method {name} of {v.description}", st.line)


# Methods of dictionaries that templates call.
MAPPING_METHODS = ("get", "items", "keys", "values", "pop")


def get(st: State, v: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """`v.get(key, other)`."""
    if kwargs or not 1 <= len(args) <= 2:
        raise Unsupported("the method get with these arguments", st.line)
    other = args[1] if len(args) > 1 else NONE
    return st.lift(item(st, v, args[0]), lambda x: other if isinstance(x, Undef) else x)


@select.of(KnownDict)
def select_keys(st: State, v: KnownDict, step: SelectionStep) -> Value:
    """A dictionary is a list of its keys."""
    entries = []
    for e in v.entries:
        test, _ = apply(st, (step,), Const(e.key))
        if not isinstance(test, go.Truth) or step.kind is StepKind.MAP:
            raise Unsupported("selecting keys of a dictionary by a test of the request", st.line)
        if test.value:
            entries.append(e)
    return KnownDict(tuple(entries))
