"""Which known word a mistyped one was meant to be; words that nobody types are compared with none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

MAX_CHARACTERS = 255
"""Of a word, as of a file name: comparing takes their square, and a text of a megabyte would take minutes."""

MAX_KNOWN = 5_000
"""Of the known words, so many are looked at: they can come from a file, too."""


def near_word(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """The known word that is most like this one, "" where none is; cutoff: from 0 (any) to 1 (the same)."""
    if len(word) > MAX_CHARACTERS:
        return ""
    short = [each for each in islice(known, MAX_KNOWN) if len(each) <= MAX_CHARACTERS]
    return next(iter(get_close_matches(word, short, n=1, cutoff=cutoff)), "")
