"""An end from outside as an interrupt, so that what has to be cleaned up is cleaned up."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

ENDS = ("SIGTERM", "SIGHUP")  # who asks a process to end: a service manager, and a terminal that is closed


@contextlib.contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM and SIGHUP raise KeyboardInterrupt, so that what has to be removed is removed.

    Once: a second one must not end the removing. SIGHUP that is ignored, as under nohup, stays so. Inside
    of another, or in another thread than the main one, this changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = False

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if not asked:
            asked = True
            raise KeyboardInterrupt

    before = {}
    for name in ENDS:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
