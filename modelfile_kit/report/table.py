"""The table at the end of a report: in columns of plain text, or in a frame on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..core.foreign_text import shown
from ..core.sizes import size_text
from .cells import columns, painted
from .panel import panel_lines

_HEADS = {"seconds": "time"}


def cells(row: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a row by the head of their column; "-" where nothing is known."""
    return {_HEADS.get(key, key): _cell(key, value) for key, value in row.items()}


def table_lines(
    rows: Sequence[Mapping[str, Any]], *, width: int | None = None, color: bool = False
) -> list[str]:
    """A line of heads and one for each row; columns that are empty in all of them are left out.

    width: of a terminal that can draw, in columns: the table gets a frame there, and where it does not fit
    each row becomes a panel. None: plain text.
    """
    texts = [cells(row) for row in rows]
    heads = [h for h in (texts[0] if texts else ()) if any(row[h] != "-" for row in texts)]
    if not heads:
        return []
    lines = [{head: head for head in heads}, *texts]
    widths = {head: max(columns(line[head]) for line in lines) for head in heads}
    if width is None:
        return ["  ".join(_padded(line[h], widths[h]) for h in heads).rstrip() for line in lines]
    if sum(widths.values()) + 3 * len(heads) + 1 > width:
        first, *more = heads
        return [
            line
            for row in texts
            for line in panel_lines(
                row[first],
                [(h, row[h]) for h in more if row[h] != "-"],
                width=width,
                color=color,
                beside=True,
            )
        ]
    return list(_framed(lines, widths, color))


def _framed(lines: Sequence[Mapping[str, str]], widths: Mapping[str, int], color: bool) -> Iterator[str]:
    """The table in a frame, with a line below its heads."""
    bars = ["─" * (width + 2) for width in widths.values()]
    bar = painted("│", color, dim=True)
    yield painted(f"╭{'┬'.join(bars)}╮", color, dim=True)
    for number, line in enumerate(lines):
        texts = (_padded(line[head], width) for head, width in widths.items())
        shown_texts = (painted(text, color, fg="cyan") if number == 0 else text for text in texts)
        yield f"{bar} {f' {bar} '.join(shown_texts)} {bar}"
        if number == 0:
            yield painted(f"├{'┼'.join(bars)}┤", color, dim=True)
    yield painted(f"╰{'┴'.join(bars)}╯", color, dim=True)


def _cell(key: str, value: Any) -> str:
    if value is None or value in ("", []):
        return "-"
    if key == "size":
        return size_text(value)
    if key == "seconds":
        return f"{value:.1f} s"
    if isinstance(value, (list, tuple)):
        return shown(", ".join(map(str, value)))
    return shown(str(value))


def _padded(text: str, width: int) -> str:
    return text + " " * (width - columns(text))
