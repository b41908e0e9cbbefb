"""Sizes of memory, as people write them."""

from __future__ import annotations

import re

from .errors import UsageError
from .numbers import MOST_DIGITS

MAX_MEMORY = 1 << 50

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGTP]?)(i?)B?\s*", re.IGNORECASE)


def size_text(size: int) -> str:
    """728 MiB, 4.59 GiB: three digits or more, in the unit that keeps the number small."""
    value, unit = float(size), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    if unit == 0:
        return f"{size} B"
    digits = 2 if value < 10 else 1 if value < 100 else 0
    shown = f"{value:.{digits}f}"
    if shown == "1024" and unit < len(_UNITS) - 1:
        return f"1.00 {_UNITS[unit + 1]}"
    return f"{shown} {_UNITS[unit]}"


def read_size(text: str) -> int | None:
    """Bytes of `12GiB`, `12G`, `12 GB` or `800MiB`; None where it is no size.

    A unit without `i` counts by 1000 where it ends with B (`12GB`), as makers of memory and disks do, and by
    1024 where it does not (`12G`), as llama.cpp and Docker do. A bare number is bytes.
    """
    found = _SIZE.fullmatch(text)
    if not found:
        return None
    if len(found[1]) > MOST_DIGITS:
        return None
    number, prefix, binary = float(found[1]), found[2].upper(), found[3]
    decimal = not binary and prefix and text.rstrip().upper().endswith("B")
    power = " KMGTP".index(prefix) if prefix else 0
    return int(number * (1000 if decimal else 1024) ** power)


def read_memory(text: str) -> int:
    """Bytes of a memory that somebody names, as `read_size` reads it. Raises UsageError for what is none."""
    size = read_size(text)
    if size is None:
        raise UsageError(f"{text.strip()!r} is no size; expected a number and a unit, as in 12GiB")
    if text.strip().isdigit() and size < 1 << 20:  # a size of which the unit was forgotten
        raise UsageError(f"{text.strip()!r} has no unit, which means bytes; write the unit, as in 12GiB")
    if not 0 < size <= MAX_MEMORY:
        raise UsageError(f"{text.strip()!r}: expected more than 0 and at most 1 PiB")
    return size
