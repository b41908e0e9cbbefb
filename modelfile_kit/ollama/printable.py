"""Which runes a Modelfile's value can carry: those that Go's `strconv.IsPrint` accepts.

Ollama writes a rune of a Modelfile into a value only if `strconv.IsPrint` accepts it, and silently
drops it otherwise (parser/parser.go); tab, CR and LF take other ways and stay.
"""

from __future__ import annotations

from ..gotemplate.values.unicode_tables import is_print

_KEPT = frozenset("\t\r\n")


def drop_refused(text: str) -> str:
    """`text` without the runes that a Modelfile's value loses."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c for c in text if is_print(c) or c in _KEPT)


def first_refused(text: str) -> tuple[int, str] | None:
    """Index and character of the first rune that a Modelfile's value would lose."""
    if text.isascii() and text.isprintable():
        return None
    return next(((i, c) for i, c in enumerate(text) if not is_print(c) and c not in _KEPT), None)
