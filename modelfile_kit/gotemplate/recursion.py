"""Templates that call each other: where Go would end them, and where this engine does."""

from __future__ import annotations

from typing import Any

from .budget import LimitError
from .parse import nodes as n

# Go's bound on templates inside each other (exec.go, maxExecDepth).
MAX_EXEC_DEPTH = 100_000
# This engine's own: Python's frames are dearer than Go's. No template for prompts comes near.
MAX_CALLS = 4_000
# Below, no thought is given to calls that never end.
_SHALLOW = 32

_Place = tuple[str, n.Node]


class Calls:
    """The calls in progress, from the main template inwards."""

    def __init__(self) -> None:
        self._places: list[_Place] = []
        self._mark: tuple[int, tuple[str, Any, bool]] | None = None
        self._next_mark = _SHALLOW

    def enter(self, depth: int, place: _Place, callee: tuple[str, Any, bool]) -> _Place | None:
        """Notes a call from `depth`. place: the template there and the first call that it makes.

        callee: its name, its data and whether these are boxed. A template has no other state, so one
        that is entered twice with the same data is entered without end: then the answer is the place
        at which Go's bound will be met. Else None. Raises LimitError beyond the engine's own bound.
        """
        del self._places[depth:]
        self._places.append(place)
        if depth < _SHALLOW:
            return None
        if depth >= MAX_CALLS:
            raise LimitError(
                f"the template was stopped: templates call each other more than {MAX_CALLS:,} levels deep",
                help="look for a template that calls itself without end",
            )
        if self._mark is not None and self._mark[0] <= depth and _same(self._mark[1], callee):
            start = self._mark[0]
            return self._places[start + (MAX_EXEC_DEPTH - start) % (depth + 1 - start)]
        if self._mark is None or self._mark[0] > depth or depth >= self._next_mark:
            self._mark, self._next_mark = (depth + 1, callee), depth * 2
        return None


def _same(a: tuple[str, Any, bool], b: tuple[str, Any, bool]) -> bool:
    if a[0] != b[0] or a[2] != b[2] or type(a[1]) is not type(b[1]):
        return False
    return a[1] is b[1] or (type(a[1]) in (str, int, bool, float) and a[1] == b[1])
