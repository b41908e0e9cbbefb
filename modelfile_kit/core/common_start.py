"""How far two texts are the same."""

from __future__ import annotations


def common_length(a: str, b: str) -> int:
    """How many characters two texts begin with alike.

    >>> common_length("<s>Hello", "<s>Hi")
    4
    """
    low, high = 0, min(len(a), len(b))
    while low < high:  # by halves: slices are compared faster than characters
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
