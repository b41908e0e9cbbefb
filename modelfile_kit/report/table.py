"""The table at the end of a report, in columns of plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..core.foreign_text import shown
from ..core.sizes import size_text
from .cells import columns

_HEADS = {"seconds": "time"}


def cells(row: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a row by the head of their column; "-" where nothing is known."""
    return {_HEADS.get(key, key): _cell(key, value) for key, value in row.items()}


def table_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line of heads and one for each row; columns that are empty in all of them are left out."""
    texts = [cells(row) for row in rows]
    heads = [h for h in (texts[0] if texts else ()) if any(row[h] != "-" for row in texts)]
    lines = [{head: head for head in heads}, *texts]
    widths = {head: max(columns(line[head]) for line in lines) for head in heads}
    return ["  ".join(_padded(line[h], widths[h]) for h in heads).rstrip() for line in lines] if texts else []


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
