"""A tensor of float32 to be written by hand, for files as small as the micro model's."""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle

Along = int | slice | Sequence[int]
"""Which places along one axis: one, a slice, or those of a list."""


class FloatTensor:
    """Numbers of float32 in rows: the last axis runs fastest, as GGUF has them in a file.

    shape: the lengths of its axes, the slowest first, so that a matrix is (rows, columns) = (out, in); value:
    what every place holds at first.

    `t[2, 5] = x` writes one place, `t[2] = x` a row, `t[:, 5] = x` a column, and `t[2, 4:6] = [x, y]` one
    number each; where the numbers are fewer than the places, they begin again.
    """

    __slots__ = ("_values", "shape")

    def __init__(self, *shape: int, value: float = 0.0) -> None:
        self.shape = shape
        self._values = array("f", [value]) * math.prod(shape)

    def __getitem__(self, place: int | tuple[int, ...]) -> float:
        (offset,) = self._offsets(place)
        return self._values[offset]

    def __setitem__(
        self, places: Along | tuple[Along, ...], value: float | Sequence[float] | FloatTensor
    ) -> None:
        numbers: Iterable[float] = (value,) if isinstance(value, (int, float)) else value
        # The places come first: a number that is missing or too many stays without effect.
        for offset, number in zip(self._offsets(places), cycle(numbers), strict=False):
            self._values[offset] = number

    def __iter__(self) -> Iterator[float]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def copy(self) -> FloatTensor:
        """One of its own with the same numbers."""
        return self.above()

    def above(self, *others: FloatTensor) -> FloatTensor:
        """This tensor's rows and below them those of others."""
        joined = FloatTensor(0)
        rows = self.shape[0] + sum(other.shape[0] for other in others)
        joined.shape = (rows, *self.shape[1:])
        for one in (self, *others):
            joined._values += one._values
        return joined

    def divided(self, divisor: float) -> FloatTensor:
        """All numbers divided by another."""
        quotient = FloatTensor(0)
        quotient.shape = self.shape
        quotient._values = array("f", (number / divisor for number in self._values))
        return quotient

    def tobytes(self) -> bytes:
        """The numbers as a little-endian file has them."""
        values = self._values
        if sys.byteorder == "big":
            values = values[:]
            values.byteswap()
        return values.tobytes()

    def _offsets(self, places: Along | tuple[Along, ...]) -> list[int]:
        """Where in the row of all numbers the places are."""
        given = places if isinstance(places, tuple) else (places,)
        offsets = [0]
        for axis, length in enumerate(self.shape):
            step = math.prod(self.shape[axis + 1 :])
            along = given[axis] if axis < len(given) else slice(None)
            chosen = (
                range(*along.indices(length))
                if isinstance(along, slice)
                else [range(length)[n] for n in ((along,) if isinstance(along, int) else along)]
            )
            offsets = [offset + n * step for offset in offsets for n in chosen]
        return offsets
