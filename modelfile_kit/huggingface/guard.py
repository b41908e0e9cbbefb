"""Bounds on what a chat template may cost: steps, seconds, sizes of values, output.

jinja2's sandbox keeps a template away from Python's insides but not from `'x' * 10**9`, loops in
loops or a list that holds itself a million times. Here every block of a template counts as a step,
every value that a template makes is weighed, and the operations that can make something huge out
of something small are estimated before they run. A value's weight is its size as if written out,
so a list that mentions another one twice weighs it twice: this bounds what printing, comparing,
sorting or JSON-encoding it can cost.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from ..core.errors import TemplateReferenceError

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

# Real templates take 30 to 3,000 steps a rendering; a million is half a second of work.
STEPS_MAX = 1_000_000
# CPU seconds for one rendering; no real template and conversation comes near.
SECONDS_MAX = 2.0
# On a machine under load the CPU clock may stand still: an end on the wall clock all the same.
WALL_SECONDS_MAX = 20.0
# Characters (or items times eight) of one value; the longest context of today is about 4 MB of text.
VALUE_MAX = 8 << 20
# Bytes of all values that one rendering makes. Most are freed as it goes: where the process can say
# how much it has really grown, that decides, and every further SPENT_STEP bytes it is asked again.
TOTAL_MAX = 128 << 20
SPENT_STEP = 32 << 20
# Pieces that a text may fall into (each costs some 80 bytes).
ITEMS_MAX = 500_000
# Bits of an integer: far above what templates count, far below what makes Python slow.
BITS_MAX = 4096
# Text that filters of quadratic cost (striptags, urlize) may be given.
SLOW_TEXT_MAX = 64 << 10
# A chat template's own size; the longest known has about 20 kB.
TEMPLATE_MAX = 512 << 10


class TemplateLimitError(TemplateReferenceError):
    """A chat template that would take too much time, memory or output."""

    code = "MK212"


class Budget(threading.local):
    """What the rendering that runs in this thread may still spend."""

    def __init__(self) -> None:
        self.steps = 0
        self.spent = 0
        self.started = self.cpu = 0.0
        self.peak: int | None = None
        self.weights: dict[int, tuple[Any, int]] = {}
        self.now: Callable[[], datetime] = datetime.now

    def start(self, now: Callable[[], datetime] | None = None) -> None:
        """Begins a rendering; `now` is the clock of `strftime_now`."""
        self.steps = self.spent = 0
        self.started = time.monotonic()
        self.cpu = time.thread_time()
        self.peak = _peak()
        self.weights = {}
        self.now = now or datetime.now

    def tick(self) -> None:
        """One step."""
        self.steps += 1
        if self.steps > STEPS_MAX:
            raise TemplateLimitError(
                f"the chat template takes more than {STEPS_MAX:,} steps",
                help="look for a loop over a large range or a loop in a loop",
            )
        elapsed = time.monotonic() - self.started
        if elapsed > SECONDS_MAX and (
            elapsed > WALL_SECONDS_MAX or time.thread_time() - self.cpu > SECONDS_MAX
        ):
            raise TemplateLimitError(
                f"the chat template takes more than {SECONDS_MAX:g} s to render",
                help="look for a loop over a large range or a loop in a loop",
            )

    def made(self, value: Any) -> Any:
        """Weighs a value that the template has just made, and hands it on."""
        kind = value.__class__
        if kind is str:
            self.check(len(value))
            self.spend(sys.getsizeof(value))
        elif kind in CONTAINERS:
            self.check(self.weigh(value))
            # A small object that only this container holds takes some 32 bytes of its own.
            self.spend(sys.getsizeof(value) + 32 * len(value))
        elif isinstance(value, (str, bytes)):
            self.check(len(value))
            self.spend(len(value))
        return value

    def spend(self, size: int) -> None:
        """Adds `size` bytes to what this rendering has made."""
        self.spent += size
        if self.spent > TOTAL_MAX:
            peak = _peak()
            if peak is not None and self.peak is not None and peak - self.peak < TOTAL_MAX:
                self.spent -= SPENT_STEP
                return
            raise TemplateLimitError(
                f"the chat template makes more than {TOTAL_MAX >> 20} MiB of values",
                help="look for a text or list that grows in a loop",
            )

    def check(self, size: int) -> None:
        """Refuses a value of `size` characters that is too large, before it is made where possible."""
        if size > VALUE_MAX:
            raise TemplateLimitError(
                f"the chat template makes a value of {_size(size)}, the limit is {VALUE_MAX >> 20} MiB",
                help="look for `*`, a width or a repetition with a large number",
            )

    def weigh(self, value: Any) -> int:
        """The size of a value as if written out: characters, eight for a number, all parts of a container."""
        if isinstance(value, (str, bytes)):
            return len(value)
        if value.__class__ not in CONTAINERS:
            return 8
        known = self.weights.get(id(value))
        if known is not None:
            return known[1]
        if isinstance(value, dict):
            parts = sum(self.weigh(k) + self.weigh(v) for k, v in value.items())
        else:
            parts = sum(map(self.weigh, value))
        weight = parts + 8 * len(value) + 8
        # The value is kept so that its id is not given to another one.
        self.weights[id(value)] = (value, weight)
        return weight


def _peak() -> int | None:
    """The most memory that this process has had, in bytes; None on systems that do not say."""
    if resource is None:
        return None
    peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def _size(n: int) -> str:
    """A size for people; a number that is itself huge is not written out."""
    return f"{n:,} characters" if n < 10**15 else "more than 10^15 characters"


CONTAINERS = frozenset({list, tuple, dict, set, frozenset})
BUDGET = Budget()


def concatenate(parts: Iterable[Any]) -> str:
    """What jinja2 calls to join rendered pieces."""
    pieces = list(parts)
    size = sum(map(len, pieces))
    BUDGET.check(size)
    BUDGET.spend(size)
    return "".join(pieces)


def join_texts(parts: tuple[Any, ...]) -> str:
    """Jinja's `~`."""
    pieces = [p if p.__class__ is str else str(p) for p in map(printable, parts)]
    BUDGET.check(sum(map(len, pieces)))
    return BUDGET.made("".join(pieces))  # type: ignore[no-any-return]


def printed(value: Any) -> Any:
    """Counts a value that is about to be printed."""
    BUDGET.tick()
    return printable(value)


def printable(value: Any) -> Any:
    """Counts a container that is about to be written out as text."""
    if value.__class__ in CONTAINERS:
        weight = BUDGET.weigh(value)
        BUDGET.check(weight)
        BUDGET.spend(weight)
    return value
