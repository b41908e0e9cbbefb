"""Two values of one key side by side: short ones whole, of long ones the place where they part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from ..gguf_file.arrays import NumberArray, StringArray

SHOWN = 60
"""Characters of a value that are shown; chat templates have thousands."""

BEFORE, AROUND = 20, 40
"""Characters that are shown before and from the place where two texts part."""

ELEMENTS = 6
"""Elements of an array that are shown."""


@dataclass(frozen=True)
class Place:
    """Where two arrays first differ. index: from 0; before, after: the elements, None beyond the end.

    count: how many places differ, those that only one array has included.
    """

    index: int
    before: Any
    after: Any
    count: int


def shown_value(value: Any) -> str:
    """A value in a few words: texts in quotes, arrays by their beginning."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (StringArray, NumberArray, list, tuple)):
        return _shown_array(value)
    return _shortened(repr(value))


def difference(before: Any, after: Any) -> list[str]:
    """What changed from one value to the other, in one line or, of long ones, in three."""
    if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > SHOWN:
        return _text_difference(before, after)
    if _is_array(before) and _is_array(after):
        return _array_difference(before, after)
    return [f"{shown_value(before)} -> {shown_value(after)}"]


def same_value(before: Any, after: Any) -> bool:
    """Whether two values are the same; NaN is itself, 1 is not true."""
    if _is_array(before) and _is_array(after):
        return len(before) == len(after) and first_place(before, after) is None
    return type(before) is type(after) and (before == after or (before != before and after != after))


def first_place(before: Sequence[Any], after: Sequence[Any]) -> Place | None:
    """Where two arrays first differ, and in how many places; None where they do not."""
    found: Place | None = None
    count = 0
    beyond = object()
    pairs = zip_longest(_raw(before), _raw(after), fillvalue=beyond)
    first: tuple[int, Any, Any] | None = None
    for index, (one, other) in enumerate(pairs):
        if one == other or (one != one and other != other):
            continue
        count += 1
        if first is None:
            first = (index, one, other)
    if first is not None:
        index, one, other = first
        found = Place(
            index,
            None if one is beyond else before[index],
            None if other is beyond else after[index],
            count,
        )
    return found


def _is_array(value: Any) -> bool:
    return isinstance(value, (StringArray, NumberArray, list, tuple))


def _raw(values: Sequence[Any]) -> Iterator[Any]:
    """The elements; texts as bytes, which need not be UTF-8."""
    return values.iter_raw() if isinstance(values, StringArray) else iter(values)


def _text_difference(before: str, after: str) -> list[str]:
    at = next(
        (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
        min(len(before), len(after)),
    )
    line, start = before.count("\n", 0, at) + 1, max(0, at - BEFORE)
    lead = "…" if start else ""
    size = f"{len(before):,} -> {len(after):,} characters"
    return [
        f"{size}, first difference at line {line}, character {at + 1:,}:",
        *(
            f"  {sign} {lead}{text[start : at + AROUND]!r}" + ("…" if len(text) > at + AROUND else "")
            for sign, text in (("-", before), ("+", after))
        ),
    ]


def _array_difference(before: Sequence[Any], after: Sequence[Any]) -> list[str]:
    if max(len(before), len(after)) <= ELEMENTS:
        return [f"{_shown_array(before)} -> {_shown_array(after)}"]
    place = first_place(before, after)
    if place is None:
        return []
    size = f"{len(before):,} -> {len(after):,}" if len(before) != len(after) else f"{len(before):,}"
    ends = [_shortened(repr(v)) if v is not None else "(end)" for v in (place.before, place.after)]
    return [f"{size} elements, {place.count:,} differ, the first is {place.index:,}: {ends[0]} -> {ends[1]}"]


def _shown_array(values: Sequence[Any]) -> str:
    some = ", ".join(shown_value(values[n]) for n in range(min(len(values), ELEMENTS)))
    if len(values) <= ELEMENTS:
        return f"[{some}]"
    return f"[{some}, …] ({len(values):,} elements)"


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
