"""Where two texts or two rows of tokens differ, and which part of a long one is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from ..core.common_start import common_length
from ..core.few_edits import Edit, few_edits
from .model import Chip, TokenPair

# What is longer is compared only as far as it differs in few places (`core.few_edits`); where it does not,
# all between the first and the last difference counts as different.
MAX_COMPARED = 600
# Of a longer text or row its two ends are shown, and what is around the first difference.
MAX_TEXT = 20_000
MAX_TOKENS = 1_500
# Places of one prompt at which tokens differ that are listed, and tokens of each that are shown.
MAX_PLACES = 40
MAX_IN_PLACE = 60
# Equal tokens that are shown before and after a difference.
AROUND = 2


@dataclass(frozen=True)
class Part:
    """A part of a text. same: whether the other text has it too; left_out: characters that are not shown."""

    text: str
    same: bool = True
    left_out: int = 0


@dataclass(frozen=True)
class Place:
    """One place at which tokens differ.

    at, other_at: index of its first token on the left and on the right; before, after: equal ones.
    """

    at: int
    other_at: int
    before: tuple[Chip, ...]
    left: tuple[Chip, ...]
    right: tuple[Chip, ...]
    after: tuple[Chip, ...]


def parts(text: str, other: str | None = None) -> list[Part]:
    """A text in parts; other: the one that it is compared with."""
    if other is None or other == text:
        return _cut([Part(text)], len(text), 0)
    start = common_length(text, other)
    return _cut(list(_compared(text, other, start)), len(text), start)


def row(chips: Sequence[Chip], first: int = 0) -> Iterator[Chip | int]:
    """The tokens of a row, and in the place of those that are left out their number.

    first: index of the first difference.
    """
    if len(chips) <= MAX_TOKENS:
        yield from chips
        return
    third = MAX_TOKENS // 3
    shown = _ranges(len(chips), third, first)
    last = 0
    for start, end in shown:
        if start > last:
            yield start - last
        yield from chips[start:end]
        last = end


def places(pair: TokenPair) -> list[Place]:
    """Where the tokens of a pair differ, in order; by their ids, as texts can be equal and tokens not."""
    ours, theirs = pair.ours, pair.theirs
    a, b = [c.id for c in ours], [c.id for c in theirs]
    start = common_length(a, b)
    end = common_length(a[start:][::-1], b[start:][::-1])
    middle, other = a[start : len(a) - end], b[start : len(b) - end]
    return [
        Place(
            start + i1,
            start + j1,
            ours[max(0, start + i1 - AROUND) : start + i1],
            ours[start + i1 : start + i2],
            theirs[start + j1 : start + j2],
            ours[start + i2 : start + i2 + AROUND],
        )
        for i1, i2, j1, j2 in _unequal(middle, other)
    ]


def _compared(text: str, other: str, start: int) -> Iterator[Part]:
    end = common_length(text[start:][::-1], other[start:][::-1])
    middle, theirs = text[start : len(text) - end], other[start : len(other) - end]
    yield Part(text[:start])
    at = 0
    for first, last, _, _ in _unequal(middle, theirs):
        yield Part(middle[at:first])
        yield Part(middle[first:last], same=False)
        at = last
    yield Part(middle[at:])
    yield Part(text[len(text) - end :])


def _unequal(a: Sequence[Any], b: Sequence[Any]) -> Sequence[Edit]:
    """The ranges that differ, in order."""
    if max(len(a), len(b)) > MAX_COMPARED:
        found = few_edits(a, b)
        return [(0, len(a), 0, len(b))] if found is None else found
    opcodes = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return [(i1, i2, j1, j2) for tag, i1, i2, j1, j2 in opcodes if tag != "equal"]


def _cut(whole: Iterable[Part], length: int, first: int) -> list[Part]:
    """The parts that are shown of a text, and between them what is left out."""
    whole = [part for part in whole if part.text]
    if length <= MAX_TEXT:
        return whole
    found: list[Part] = []
    last = 0
    for start, end in _ranges(length, MAX_TEXT // 3, first):
        if start > last:
            found.append(Part("", left_out=start - last))
        at = 0
        for part in whole:
            text = part.text[max(0, start - at) : max(0, end - at)]
            if text:
                found.append(Part(text, part.same))
            at += len(part.text)
        last = end
    return found


def _ranges(length: int, size: int, first: int) -> list[tuple[int, int]]:
    """Both ends and what is around `first`, joined where they touch."""
    middle = max(0, first - size // 3)
    found: list[tuple[int, int]] = []
    for start, end in sorted([(0, size), (middle, middle + size), (length - size, length)]):
        end = min(end, length)
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
