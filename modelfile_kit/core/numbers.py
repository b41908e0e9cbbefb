"""Whole numbers in foreign text: Python refuses to read or write those of many digits."""

from __future__ import annotations

MOST_DIGITS = 18  # what is counted by text from outside fits into 64 bits
_READABLE = 10**4000  # Python converts up to 4,300 digits (sys.set_int_max_str_digits)


def read_count(text: str) -> int | None:
    """The number that ASCII digits write, at most 18 of them; None for all other text."""
    plain = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if plain else None


def told_count(value: object) -> int:
    """A count in JSON of another program; 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def is_writable(number: int) -> bool:
    """Whether Python writes the number out in decimal: one read from hexadecimal can be too long for that."""
    return abs(number) < _READABLE
