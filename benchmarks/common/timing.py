"""How long something takes."""

from __future__ import annotations

import time
from collections.abc import Callable


def fastest(work: Callable[[], object], runs: int) -> float:
    """Seconds of the fastest of some runs: the others had the machine less to themselves."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)
