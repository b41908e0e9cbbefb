"""An explained compilation: Jinja and Go side by side where the terminal is wide, else below each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..core.foreign_text import shown
from .cells import columns, painted, start
from .terminal import diagnostic_lines

if TYPE_CHECKING:
    from ..compiler.explain.explain import Explained, Explanation

# Both sides need some fifty columns to be read.
SIDE_BY_SIDE = 110
# Columns of the line number and the rules between.
_GUTTER = 6
# A macro that is called often is written out often; more of it says nothing new (JSON has all).
MAX_LINES = 24


def to_dict(explained: Explanation) -> dict[str, Any]:
    """Plain values for JSON: constructs, added, helpers, assumed."""
    return {
        "constructs": [_construct(row) for row in explained.constructs],
        "added": [{"go": text, "why": why} for text, why in explained.added],
        "helpers": list(explained.helpers),
        "assumed": list(explained.assumed),
    }


def _construct(row: Explained) -> dict[str, Any]:
    at = row.construct
    return {
        "line": at.line,
        "end_line": at.end_line,
        "kind": at.kind,
        "jinja": at.source,
        "go": list(row.go),
        "times": row.times,
        "why": row.why,
        "diagnostics": [d.to_dict() for d in row.findings],
    }


def render(explained: Explanation, *, width: int = 80, color: bool = False) -> str:
    """Text for people. width: of the terminal, in columns."""
    lines: list[str] = []
    for row in explained.constructs:
        lines += _row(row, width, color)
        for finding in row.findings:
            lines += diagnostic_lines(finding, color=color, indent=" " * _GUTTER)
    added = [line for text, why in explained.added for line in (*_visible(text), shown(f"({why})"))]
    for title, told in (
        ("added to what the chat template says:", added),
        ("templates defined for what Go has no function for:", [shown(h) for h in explained.helpers]),
        ("assumed:", [shown(a) for a in explained.assumed]),
    ):
        if told:
            lines += ["", *(painted(part, color, bold=True) for part in _wrap(title, width))]
            lines += [f"  {part}" for line in told for part in _wrap(line, width - 2)]
    for finding in explained.findings:
        lines += diagnostic_lines(finding, color=color)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _row(row: Explained, width: int, color: bool) -> list[str]:
    source, became = _visible(row.construct.source), list(_became(row))
    quiet = not row.go
    if width < SIDE_BY_SIDE:
        left = [p for line in source for p in _wrap(line, width - _GUTTER)]
        right = [p for line in became for p in _wrap(line, width - _GUTTER - 2)]
        numbered = _numbered(row.construct.line, left)
        return numbered + [
            f"{'':{_GUTTER}}{painted('→ ' if n == 0 else '  ', color, fg='cyan')}"
            f"{painted(line, color, dim=quiet)}"
            for n, line in enumerate(right)
        ]
    half = (width - _GUTTER - 3) // 2
    left = [p for line in source for p in _wrap(line, half)]
    right = [p for line in became for p in _wrap(line, half)]
    rows = max(len(left), len(right))
    left, right = _filled(left, rows), _filled(right, rows)
    bar = painted("│", color, fg="cyan")
    pairs = zip(_numbered(row.construct.line, left), left, right, strict=True)
    return [
        f"{numbered}{' ' * (half - columns(one))} {bar} {painted(two, color, dim=quiet)}"
        for numbered, one, two in pairs
    ]


def _numbered(number: int, lines: Sequence[str]) -> list[str]:
    return [f"{number if n == 0 else '':>{_GUTTER - 2}}  {line}" for n, line in enumerate(lines)]


def _filled(lines: Sequence[str], size: int) -> list[str]:
    return [*lines, *[""] * (size - len(lines))]


def _became(row: Explained) -> Iterator[str]:
    if not row.go:
        yield shown(f"({row.why})")
        return
    lines: list[str] = []
    for n, part in enumerate(row.go):
        lines += (
            _visible(part) if n == 0 else ["…", *_visible(part)] if not _is_tail(part) else _visible(part)
        )
    yield from lines[:MAX_LINES]
    if len(lines) > MAX_LINES:
        yield f"… and {len(lines) - MAX_LINES} more lines"
    if row.times > 1:
        yield f"({row.times} times)"


def _is_tail(part: str) -> bool:
    """Whether a part only closes or divides what began before."""
    return part.strip("{}- \n") in ("end", "else")


def _visible(text: str) -> list[str]:
    """Lines with the newlines that count made visible."""
    lines = shown(text, lines=True).split("\n")
    marked = [line + "⏎" for line in lines[:-1]]
    # a newline that the next action trims is only layout
    for n, line in enumerate(lines[1:]):
        if line.startswith(("{{-", "{%-")):
            marked[n] = lines[n]
    return [*marked, lines[-1]] if lines[-1] or not marked else marked


def _wrap(line: str, width: int) -> list[str]:
    """A line in pieces of at most so many columns; broken at spaces where that is not too early."""
    out: list[str] = []
    rest = line
    while columns(rest) > width:
        piece = start(rest, width) or rest[:1]
        cut = piece.rfind(" ") + 1
        piece = piece[:cut] if cut > len(piece) // 2 else piece
        out.append(piece)
        rest = rest[len(piece) :]
    return [*out, rest]
