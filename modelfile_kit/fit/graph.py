"""The tensors of one forward pass, and the memory that they take when each is freed after its last use.

ggml gives every result a place in one buffer, in the order of execution: the smallest hole that is large
enough, else room at the end (ggml/src/ggml-alloc.c, llama.cpp of October 2026). Some operations write over
a source that nobody needs any more. How large the buffer becomes depends on the order and the holes, so
that a sum of sizes is not enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

ALIGNMENT = 32
"""Bytes; of the CPU's buffers, and near enough for every other's (128 and 256 in CUDA and Vulkan)."""


@dataclass(eq=False)
class Result:
    """A tensor that a pass makes. size: in bytes; uses: how many operations read it."""

    size: int
    uses: int = 0
    place: int = -1
    owner: Result | None = None
    """Whose place it has taken over."""


@dataclass(eq=False)
class Part:
    """A view of some of a result, which nothing can be written over."""

    of: Result


@dataclass(eq=False)
class _Step:
    result: Result | None
    sources: tuple[Result, ...]
    reusable: tuple[Result, ...]


@dataclass
class Graph:
    """Results in the order in which they are computed."""

    steps: list[_Step] = field(default_factory=list)
    inputs: list[Result] = field(default_factory=list)

    def input(self, size: int) -> Result:
        """What is there before the pass begins: tokens, positions, masks."""
        result = Result(_padded(size))
        self.inputs.append(result)
        return result

    def op(self, size: float, *sources: Result | Part | None, over: bool = False) -> Result:
        """An operation's result.

        size: in bytes; sources: what it reads, weights left out; over: whether ggml lets it be written over
        a source of the same size.
        """
        result = Result(_padded(int(size)))
        self._step(result, sources, over=over)
        return result

    def store(self, *sources: Result | Part | None) -> None:
        """An operation whose result goes into the cache."""
        self._step(None, sources, over=False)

    def _step(self, result: Result | None, sources: Iterable[Result | Part | None], *, over: bool) -> None:
        read = [source for source in sources if source is not None]
        whole = tuple(source.of if isinstance(source, Part) else source for source in read)
        for source in whole:
            source.uses += 1
        reusable = tuple(source for source in read if isinstance(source, Result)) if over else ()
        self.steps.append(_Step(result, whole, reusable))

    def peak(self) -> int:
        """Bytes of the buffer. Can be asked once: it counts down the uses."""
        memory = _Memory()
        for given in self.inputs:
            given.place = memory.take(given.size)
        for step in self.steps:
            result = step.result
            if result is not None:
                for source in step.reusable:
                    if source.uses == 1 and source.size == result.size and source.place >= 0:
                        result.place, source.place = source.place, -1
                        break
                else:
                    result.place = memory.take(result.size)
            for source in step.sources:
                source.uses -= 1
                if source.uses == 0 and source.place >= 0:
                    memory.free(source.place, source.size)
                    source.place = -1
        return memory.end


class _Memory:
    """Holes by place, and the end of what was ever used."""

    def __init__(self) -> None:
        self.holes: list[tuple[int, int]] = []
        self.top = 0
        self.end = 0

    def take(self, size: int) -> int:
        fitting = [(hole[1], n) for n, hole in enumerate(self.holes) if hole[1] >= size]
        if fitting:
            least = min(fitting)[0]
            number = max(n for width, n in fitting if width == least)  # of equal holes the last
            place, width = self.holes[number]
            self.holes[number : number + 1] = [(place + size, width - size)] if width > size else []
            return place
        place = self.top
        self.top += size
        self.end = max(self.end, self.top)
        return place

    def free(self, place: int, size: int) -> None:
        joined = []
        for start, width in self.holes:
            if start + width == place:
                place, size = start, size + width
            elif place + size == start:
                size += width
            else:
                joined.append((start, width))
        if place + size == self.top:
            self.top = place
        else:
            joined.append((place, size))
        self.holes = sorted(joined)


def _padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
