"""A panel for people at a terminal: names and values in a frame, as wide as the terminal allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..core.foreign_text import shown
from .cells import columns, painted, pieces

WIDEST = 110
NARROW = 60
"""Below it a value stands under its name."""


def panel_lines(
    title: str, rows: Iterable[tuple[str, str]], *, width: int, color: bool = False, beside: bool = False
) -> list[str]:
    """The lines of a panel. rows: names and values; width: in columns.

    beside: values stand beside their names on a narrow terminal too, because they are short.
    """
    texts = [(shown(name), shown(value)) for name, value in rows]
    room = max(20, min(width, WIDEST)) - 4
    head = pieces(shown(title), room - 2)
    frame = _frame(room, head[0], color)
    out = [next(frame), *(_line(piece, room, color, bold=True) for piece in head[1:])]
    widest = max((columns(name) for name, _ in texts), default=0)
    for name, value in texts:
        if width < NARROW and not beside:
            out += [_line(part, room, color, fg="cyan") for part in (pieces(name, room) if name else ())]
            out += [_line(f"  {part}", room, color) for part in pieces(value, room - 2)]
            continue
        first, *rest = pieces(value, max(room - widest - 2, 10))
        gap = " " * (widest + 2)
        label = painted(name, color, fg="cyan")
        space = " " * (widest + 2 - columns(name))
        out.append(
            _framed(f"{label}{space}{first}", room - columns(name) - len(space) - columns(first), color)
        )
        out += [_line(f"{gap}{part}", room, color) for part in rest]
    return [*out, next(frame)]


def rows_of(lines: Iterable[str], at: int) -> list[tuple[str, str]]:
    """Names and values of lines whose values begin at this column; without a name one goes on."""
    rows: list[tuple[str, str]] = []
    for line in lines:
        name, value = line[:at].strip(), line[at:].strip()
        if name or not rows:
            rows.append((name, value))
        else:
            before = rows[-1][1]
            rows[-1] = (rows[-1][0], f"{before}{' ' if before.endswith((';', ',')) else '; '}{value}")
    return rows


def _frame(room: int, title: str, color: bool) -> Iterator[str]:
    """The line above, with the title in it, and the line below."""
    left = room - columns(title) - 1
    shown_title = painted(title, color, bold=True)
    yield f"{_dim('╭─', color)} {shown_title} {_dim('─' * left + '╮', color)}"
    yield _dim("╰" + "─" * (room + 2) + "╯", color)


def _line(text: str, room: int, color: bool, *, fg: str | None = None, bold: bool = False) -> str:
    return _framed(painted(text, color, fg=fg, bold=bold), room - columns(text), color)


def _framed(text: str, left: int, color: bool) -> str:
    bar = _dim("│", color)
    return f"{bar} {text}{' ' * max(left, 0)} {bar}"


def _dim(text: str, color: bool) -> str:
    return painted(text, color, dim=True)
