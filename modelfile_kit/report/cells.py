"""Cells of a terminal: how many columns a text takes, its pieces that fit into so many, and its colours."""

from __future__ import annotations

import unicodedata

import click


def columns(text: str) -> int:
    """How many columns a text takes: two for a wide character, none for one that combines."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def pieces(text: str, width: int) -> list[str]:
    """A line in pieces of at most so many columns, at spaces where there are some; "" is one piece.

    >>> pieces("a new line", 5)
    ['a new', 'line']
    """
    out: list[str] = []
    piece = ""
    for word in text.split(" "):
        while columns(word) > width:
            head = start(word, width - (columns(piece) + 1 if piece else 0))
            if not head:
                out.append(piece)
                piece = ""
                continue
            out.append(f"{piece} {head}" if piece else head)
            piece, word = "", word[len(head) :]
        joined = f"{piece} {word}" if piece else word
        if columns(joined) <= width:
            piece = joined
        else:
            out.append(piece)
            piece = word
    return [*out, piece]


def painted(text: str, color: bool, *, fg: str | None = None, bold: bool = False, dim: bool = False) -> str:
    """A text in a style; as it is without colours, and where there is nothing to paint."""
    if not (color and text and (fg or bold or dim)):
        return text
    return click.style(text, fg=fg, bold=bold or None, dim=dim or None)  # False would be an escape code too


def start(text: str, width: int) -> str:
    """As much of a text as fits into so many columns; nothing where not even one character does."""
    taken = 0
    for number, character in enumerate(text):
        taken += columns(character)
        if taken > width:
            return text[:number]
    return text
