"""Where two long texts, or rows, differ in few places.

The greedy algorithm of E. W. Myers ("An O(ND) difference algorithm and its variations", Algorithmica 1,
1986): its time grows with the lengths times the number of differences, so two long prompts that differ by
some newlines are compared at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Edit = tuple[int, int, int, int]
"""Start and end in the first, start and end in the second."""

MOST = 800
"""Items that are added or removed; with more, two texts have little in common."""
STEPS = 600_000
"""Comparisons; some tenths of a second."""
# Equal items are compared by so many at once.
_CHUNK = 64


def few_edits(
    a: Sequence[Any], b: Sequence[Any], *, most: int = MOST, steps: int = STEPS
) -> list[Edit] | None:
    """The ranges in which two sequences differ, in order, with the fewest items in them.

    None where more than `most` items differ, or it takes more than `steps` comparisons to find out.

    >>> few_edits("Hi\\nyou", "Hi you!")
    [(2, 3, 2, 3), (6, 6, 6, 7)]
    """
    furthest = [0] * (2 * most + 3)  # by diagonal, x - y: how far in `a` one comes with so many edits
    middle = most + 1
    trace: list[list[int]] = []
    for edits in range(most + 1):
        trace.append(furthest[middle - edits - 1 : middle + edits + 2])
        for diagonal in range(-edits, edits + 1, 2):
            at = middle + diagonal
            down = diagonal == -edits or (diagonal != edits and furthest[at - 1] < furthest[at + 1])
            x = furthest[at + 1] if down else furthest[at - 1] + 1
            x, cost = _equal_until(a, b, x, x - diagonal)
            furthest[at] = x
            steps -= cost
            if x >= len(a) and x - diagonal >= len(b):
                return _joined(_path(trace, len(a), len(b)))
        if steps < 0:
            return None
    return None


def _equal_until(a: Sequence[Any], b: Sequence[Any], x: int, y: int) -> tuple[int, int]:
    """The end in `a` of what is equal from here on, and how many comparisons that took."""
    steps = 1
    end, other = len(a), len(b)
    while x < end and y < other and a[x] == b[y]:
        x, y, steps = x + 1, y + 1, steps + 1
        while x + _CHUNK <= end and a[x : x + _CHUNK] == b[y : y + _CHUNK]:
            x, y, steps = x + _CHUNK, y + _CHUNK, steps + 1
    return x, steps


def _path(trace: list[list[int]], x: int, y: int) -> list[Edit]:
    """The edits one by one, from the last to the first."""
    found: list[Edit] = []
    for edits in range(len(trace) - 1, 0, -1):
        before, middle = trace[edits], edits + 1
        at = middle + x - y
        down = x - y == -edits or (x - y != edits and before[at - 1] < before[at + 1])
        x = before[at + 1] if down else before[at - 1]
        y = x - (at + 1 - middle if down else at - 1 - middle)
        found.append((x, x, y, y + 1) if down else (x, x + 1, y, y))
    return found


def _joined(found: list[Edit]) -> list[Edit]:
    """In order, neighbours as one."""
    joined: list[Edit] = []
    for i1, i2, j1, j2 in reversed(found):
        if joined and joined[-1][1] == i1 and joined[-1][3] == j1:
            i1, _, j1, _ = joined.pop()
        joined.append((i1, i2, j1, j2))
    return joined
