"""How far two texts, or two rows, are the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def common_length(a: Sequence[Any], b: Sequence[Any]) -> int:
    """How many characters two texts, or items two lists, begin with alike.

    >>> common_length("<s>Hello", "<s>Hi")
    4
    >>> common_length([5, 7], [5, 9, 7])
    1
    """
    low, high = 0, min(len(a), len(b))
    while low < high:  # by halves: slices are compared faster than characters
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
