"""An end from outside as an interrupt, so that what has to be cleaned up is cleaned up.

Python raises an interrupt between any two steps, also right after a lock was taken in Python code (as those
of httpcore are) and before the statement that gives it back. Who cleans up then waits for that lock for ever.
So what takes such locks is in `Held`, and lets an interrupt in only while it waits (`let_in`).
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeVar

ENDS = ("SIGTERM", "SIGHUP")  # who asks a process to end: a service manager, and a terminal that is closed

Result = TypeVar("Result")


class _State:
    """Of the main thread, which alone is interrupted.

    held: an interrupt has to wait; waiting: one does; whole: also where the work waits; again: a second one
    gets in. instead: what the next one calls.
    """

    held = whole = waiting = again = False
    instead: Callable[[], None] | None = None


@contextlib.contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM and SIGHUP raise KeyboardInterrupt, so that what has to be removed is removed.

    Once: a second one must not end the removing. SIGHUP that is ignored, as under nohup, stays so. Ctrl-C
    raises it each time, as ever. All of them wait for the end of what is `Held`. Inside of another, or in
    another thread than the main one, this changes nothing.
    """
    if not _is_main_thread():
        yield
        return
    asked = False

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if not asked:
            asked = True
            _interrupt()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        _interrupt()

    before = {}
    for name in (*ENDS, "SIGINT"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is None:
            continue
        if signal.getsignal(number) is signal.SIG_DFL and name in ENDS:
            before[number] = signal.signal(number, end)
        elif signal.getsignal(number) is signal.default_int_handler:
            before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def instead_of_interrupt(step: Callable[[], None]) -> Iterator[None]:
    """The first interrupt inside calls the step and is not raised: for a loop that ends by itself then.

    For the main thread, inside of `terminated_as_interrupted`.
    """
    before, _State.instead = _State.instead, step
    try:
        yield
    finally:
        _State.instead = before


class Held:
    """A context in which an interrupt of the main thread waits; it is raised at the end.

    whole: also where the work inside waits for others. For a short request whose outcome has to be known: the
    other side carries it out, though nobody waits for the answer any more. A second Ctrl-C gets in there.
    """

    def __init__(self, *, whole: bool = False) -> None:
        self._wanted = whole
        self._before = self._whole = False

    def __enter__(self) -> None:
        if _is_main_thread():
            self._before, _State.held = _State.held, True
            self._whole, _State.whole = _State.whole, _State.whole or self._wanted

    def __exit__(self, *_: object) -> None:
        if _is_main_thread():
            _State.whole = self._whole
            _State.held = self._before
            if not self._before:
                _raise_waiting()


def let_in(step: Callable[[], Result]) -> Result:
    """What the step returns; an interrupt that waits is raised before it, one that comes in it at once."""
    if not _is_main_thread():
        return step()
    held = _State.held
    try:
        if _State.whole:
            _State.again = True
        else:
            _State.held = False
            _raise_waiting()
        return step()
    finally:
        _State.held, _State.again = held, False


def _interrupt() -> None:
    if _State.instead is not None:
        step, _State.instead = _State.instead, None
        step()
        return
    if _State.held and not (_State.again and _State.waiting):
        _State.waiting = True
        return
    raise KeyboardInterrupt


def _raise_waiting() -> None:
    if _State.waiting:
        _State.waiting = False
        raise KeyboardInterrupt


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
