"""Texts at which templates go wrong: spaces, markers, empty ones, odd characters."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from .features import Features

# Everything that Python's str.strip takes off (and Go's TrimSpace does not, for some of it).
BLANKS = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
# Characters that look like spaces and are not: they stop a strip.
UNBLANKS = "\u200b\u180e\ufeff\u2060"

GENERAL = (
    "",
    " \n\t ",
    BLANKS + "x" + BLANKS[::-1],
    f"\n\n {UNBLANKS} \ny\n {UNBLANKS}\u00a0\n\n",
    "\r\na\r\n\r\nb \r\n",
    "\u2003\u00e9\u0085",
    "{{ .System }}{{x}}{% if y %}{# z #}{{- `q` }}",
    '{"k": ["v\\n", null, 1.0]} \\ "d" \'s\' <b>&amp;\u2028</b>',
    "中文 👩\u200d👩\u200d👧 e\u0301 🏳️\u200d🌈",
    "\x00\x01\x1b\x7f\x9f",
    "100% %s %d $x ${y} [img-0] [img]",
    "0",
    "false",
)
# A second of each of the letters that change more than one byte when their case changes.
CASES = (
    "\u0130\u0131\u017f\u00df\u212a\u01c5 \u00e0\u00c9 ab-Cd_eF 1g",
    "\u1e9e\ufb01\u0149 \u03a3\u03c3\u03c2",
)
# Markers that belong together, and markers that are tried together, at most.
PAIRS_MAX = 6
TOGETHER_MAX = 4
# Far above any buffer or width that a template would use by chance, small enough to be quick.
LONG = "word " * 300


def general(seen: Features) -> tuple[str, ...]:
    """Texts for every template."""
    return GENERAL + (CASES if seen.changes_case else ())


def around_markers(seen: Features) -> tuple[str, ...]:
    """For every text that the template searches for: alone, at the ends, twice, cut short, in spaces;
    one that can begin inside itself so that it does; and several of them in one text."""
    found: list[str] = []
    for m in seen.markers:
        found += [
            m,
            f"a{m}b",
            f"\n{m}\n\n c {m}",
            f"{m}d{m}e{m}",
            f"{m[:-1]}f{m[1:]}g",
            f" {m} ",
        ]
        for k in [k for k in range(1, len(m)) if m.startswith(m[k:])][:1]:
            found += [f"h{m}{m[-k:]}", f"h{m[:k]}", f"{m}{m[-k:]}h{m[:k]}"]
    for m in seen.rare:
        found += [m, f"a{m}b"]
    for start, end in pairs((*seen.markers, *seen.rare)):
        found += [
            f"{start}r{end}",
            f"{start}r{end}c",
            f"{start}\n r \n{end}\n\n c\n",
            f"{end}c{start}r",
            f"p{start}{start}r{end}{end}q{end}",
        ]
    return tuple(dict.fromkeys((*found, *_together((*seen.markers, *seen.rare)))))


def _together(markers: tuple[str, ...]) -> Iterator[str]:
    """Several markers in one text, in more than one order: a template may ask which comes first or last."""
    marks = [m for m in markers if m.strip() and not m.isidentifier()]
    openings = [m for m in marks if "/" not in m]
    for first, second in itertools.permutations(openings[:TOGETHER_MAX], 2):
        yield f"{first}p{second}q"
    if len(marks) > 1:
        yield "h".join(marks)
        yield "h".join(reversed(marks))
    for closing in [m for m in marks if "/" in m][:TOGETHER_MAX]:
        yield "h".join(m for m in marks if m != closing)
    for i in range(min(len(marks), TOGETHER_MAX) if len(marks) > 2 else 0):
        yield "h".join((*marks[i:], *marks[:i]))


def pairs(markers: tuple[str, ...]) -> list[tuple[str, str]]:
    """Markers that belong together: `<x>` and `</x>`, else neighbours that are not spaces."""
    words = [m for m in markers if m.strip()]
    found = []
    for end in words:
        start = end.replace("</", "<", 1) if "</" in end else ""
        if start and start != end:
            found.append((start, end))
    if not found:
        found = list(itertools.pairwise(words))
    return found[:PAIRS_MAX]
