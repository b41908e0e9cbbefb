"""Room for deep recursion: trees and templates nest as deep as a source says."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from ..core.errors import GoTemplateError

T = TypeVar("T")

# Frames that are allowed when the ordinary recursion limit does not do. Go's own bound on nested
# parentheses, 10,000, takes 60,000.
_DEEP_FRAMES = 80_000
# Python before 3.11 needs C stack for every frame, about half a kilobyte. Only what is used is real memory.
_DEEP_STACK = 256 << 20
_one_at_a_time = threading.Lock()


def with_deep_stack(work: Callable[[], T]) -> T:
    """The result of `work`, which must have no effects: it is run again with more room when it needs it.

    Raises GoTemplateError when even that is not enough.
    """
    try:
        return work()
    except RecursionError:
        pass
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # handed to the caller's thread
            errors.append(error)

    with _one_at_a_time:
        limit, size = sys.getrecursionlimit(), threading.stack_size(_DEEP_STACK)
        sys.setrecursionlimit(max(limit, _DEEP_FRAMES))
        try:
            thread = threading.Thread(target=run, name="deep-template")
            thread.start()
            thread.join()
        finally:
            sys.setrecursionlimit(limit)
            threading.stack_size(size)
    if not errors:
        return results[0]
    if isinstance(errors[0], RecursionError):
        raise GoTemplateError(
            "the template is nested too deeply",
            help="look for a template that calls itself without end, or nest fewer actions",
        )
    raise errors[0]
