"""What lists of every kind have in common."""

from __future__ import annotations

from ...values.known import KnownDict, KnownItems, KnownList
from ...values.lists import EncodedList, Selection, SelectionStep, SplitText
from ...values.number import Numbers
from ...values.request import ELEMENTS, ContentParts, Pairs, RuntimeValue
from ...values.value import Value
from ..semantics import LIST_METHODS, as_list, is_sequence, methods_of, select
from ..state import State


@methods_of.of(KnownList, SplitText, Selection, EncodedList, *ELEMENTS)
def methods_of_list(st: State, v: Value) -> frozenset[str]:
    return LIST_METHODS


@is_sequence.of(
    KnownList, SplitText, Selection, EncodedList, ContentParts, Pairs, Numbers, RuntimeValue, KnownDict
)
def list_is_sequence(st: State, v: Value) -> bool:
    """A dictionary is one of its keys, for Jinja."""
    return True


@as_list.of(KnownList, KnownItems, SplitText, EncodedList, ContentParts, Pairs, Numbers, RuntimeValue)
def list_as_list(st: State, v: Value) -> Value:
    return v


@select.of(Pairs, Numbers, RuntimeValue, SplitText, EncodedList)
def select_later(st: State, v: Value, step: SelectionStep) -> Value:
    return Selection(v, (step,))
