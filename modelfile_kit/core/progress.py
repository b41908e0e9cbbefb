"""How far long work has come: told by the room that does it, shown by whoever listens.

What is told changes nothing about the work, and without a listener it costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Step:
    """How far a piece of long work has come.

    stage: what is done, such as "hash", "upload" or "verify"; subject: a file's or check's name, or the
    server's own words; done and total: bytes of the stages in `BYTE_STAGES`, a count of all others, 0 where
    unknown.
    """

    stage: str
    subject: str
    done: int = 0
    total: int = 0

    @property
    def complete(self) -> bool:
        """Whether the work is done."""
        return 0 < self.total <= self.done


Progress = Callable[[Step], None]

BYTE_STAGES = frozenset({"copy", "fetch", "hash", "pull", "push", "upload"})
"""The stages whose counts are bytes."""

_LISTENER: ContextVar[Progress | None] = ContextVar("_LISTENER", default=None)


@contextmanager
def listening(progress: Progress) -> Iterator[None]:
    """Hands every step that is told inside to `progress`."""
    token = _LISTENER.set(progress)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def tell_step(stage: str, subject: str = "", done: int = 0, total: int = 0) -> None:
    """Tells the listener, where there is one, how far the work has come; arguments as of `Step`."""
    listener = _LISTENER.get()
    if listener is not None:
        listener(Step(stage, subject, done, total))


@contextmanager
def working(stage: str, subject: str = "") -> Iterator[None]:
    """Tells that work of unknown length begins and, afterwards, that it is done; arguments as of `Step`."""
    tell_step(stage, subject)
    try:
        yield
    finally:
        tell_step(stage, subject, 1, 1)


def told_steps(stage: str, items: Iterable[T], name: Callable[[T], str], total: int = 0) -> Iterator[T]:
    """The items, each told before work on it begins. name: its subject; total: how many, 0 if unknown.

    >>> with listening(lambda step: print(step.subject, step.done, step.total)):
    ...     done = list(told_steps("read", ["a", "b"], str.upper, 2))
    A 0 2
    B 1 2
    """
    for number, item in enumerate(items):
        tell_step(stage, name(item), number, total)
        yield item
