"""Work that several builds need alike is done by the first of them: the compile, and the proofs.

What is shared is a pure function of its key, so a build comes to the same with and without it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Result = TypeVar("Result")


class SharedWork:
    """Results by the work's name and everything that they depend on. One thread at a time."""

    def __init__(self) -> None:
        self._done: dict[Hashable, Any] = {}
        self.counts: dict[str, int] = {}

    def once(self, work: str, key: Hashable, do: Callable[[], Result]) -> Result:
        """The result of `do`, which is called for the first of equal keys. counts: how often, by work.

        What `do` raises is not kept.
        """
        whole = (work, key)
        if whole not in self._done:
            self.counts[work] = self.counts.get(work, 0) + 1
            self._done[whole] = do()
        result: Result = self._done[whole]
        return result
