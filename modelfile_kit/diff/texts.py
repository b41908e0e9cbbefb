"""Two texts as a unified diff in which nothing is hidden: ends of lines, spaces and long lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

CONTEXT = 2
"""Lines that are shown around a difference."""

LINE = 120
"""Columns of a line. Chat templates of one line of many thousand characters are taken apart at their tags."""

MAX_LINES = 4_000
"""Lines that are compared one by one; of longer texts what lies between the first and the last difference."""

_OPENING = re.compile(r"\{[%{#]")
_CLOSING = {"{%": "%}", "{{": "}}", "{#": "#}"}


Line = tuple[bool, str]
"""Whether it goes on with a line that was broken, and the text with its newline."""


def unified(before: str, after: str, names: tuple[str, str] = ("before", "after")) -> list[str]:
    """The lines of a unified diff, none where the texts are equal.

    A line that is longer than LINE is broken behind template tags; what goes on with it begins with `↪`. Of
    a changed line a carriage return, and tabs and spaces at its end, are visible; so is a missing newline at
    the end of a text.
    """
    if before == after:
        return []
    return [f"--- {names[0]}", f"+++ {names[1]}", *_hunks(_lines(before), _lines(after))]


def _lines(text: str) -> list[Line]:
    lines = text.split("\n")
    ends = [*(f"{line}\n" for line in lines[:-1]), *((lines[-1],) if lines[-1] else ())]
    return [(n > 0, piece) for line in ends for n, piece in enumerate(_broken(line))]


def _broken(line: str) -> Iterator[str]:
    """A long line in pieces, each of which ends behind a tag."""
    if len(line) <= LINE:
        yield line
        return
    piece = ""
    for part in filter(None, _cut_at_tags(line)):
        if piece and len(piece) + len(part) > LINE and part != "\n":
            yield piece
            piece = ""
        piece += part
    if piece:
        yield piece


def _cut_at_tags(line: str) -> Iterator[str]:
    """A line cut before and behind each tag; what never closes is text.

    Of each kind one search that finds no end is enough: a line of a hundred thousand `{{` is read once.
    """
    never: set[str] = set()
    start = at = 0
    while (found := _OPENING.search(line, at)) is not None:
        opening = found[0]
        end = -1 if opening in never else line.find(_CLOSING[opening], found.end())
        if end < 0:
            never.add(opening)
            at = found.start() + 1
            continue
        yield line[start : found.start()]
        start = at = end + 2
        yield line[found.start() : start]
    yield line[start:]


def _hunks(one: Sequence[Line], other: Sequence[Line]) -> Iterator[str]:
    start = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    middle = one[start : len(one) - end], other[start : len(other) - end]
    if max(map(len, middle)) > MAX_LINES:
        yield f"@@ -{start + 1},{len(middle[0])} +{start + 1},{len(middle[1])} @@"
        yield f"  {len(middle[0]):,} lines are replaced by {len(middle[1]):,}"
        return
    first = max(0, start - CONTEXT)
    last = min(end, CONTEXT)
    matcher = SequenceMatcher(
        None, one[first : len(one) - end + last], other[first : len(other) - end + last], autojunk=False
    )
    for group in matcher.get_grouped_opcodes(CONTEXT):
        (_, a, _, b, _), (_, _, a2, _, b2) = group[0], group[-1]
        yield f"@@ -{first + a + 1},{a2 - a} +{first + b + 1},{b2 - b} @@"
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from (f"  {_plain(line)}" for line in one[first + i1 : first + i2])
                continue
            for sign, lines, i, j in (("-", one, i1, i2), ("+", other, j1, j2)):
                for n in range(first + i, first + j):
                    yield f"{sign} {_visible(lines[n], n == len(lines) - 1)}"


def _plain(line: Line) -> str:
    continued, text = line
    return ("↪" if continued else "") + text.removesuffix("\n")


def _visible(line: Line, last: bool) -> str:
    """A changed line with what the eye does not see. last: whether nothing follows in the text."""
    text = _plain(line)
    kept = text.rstrip(" \t\r")
    tail = text[len(kept) :].replace(" ", "␣").replace("\t", "⇥").replace("\r", "␍")
    return f"{kept}{tail}" + (" (no newline at the end)" if last and not line[1].endswith("\n") else "")
