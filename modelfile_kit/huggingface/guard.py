"""Bounds on what a chat template may cost: steps, sizes of values, output.

jinja2's sandbox keeps a template away from Python's insides but not from `'x' * 10**9`, loops in
loops or a list that holds itself a million times. Here every block of a template counts as a step,
every value that a template makes is weighed, and the operations that can make something huge out
of something small, or take long over something large, are estimated before they run. A value's weight
is its size as if written out, so a list that mentions another one twice weighs it twice: this bounds
what printing, comparing, sorting or JSON-encoding it can cost.

Everything is counted and nothing is timed: a template that renders on one machine renders on every other.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from ..core.errors import StoppedError, TemplateReferenceError

# Real templates take 30 to 4,000 steps for a short conversation; a million are half a second of work.
STEPS_MAX = 1_000_000
# The same for a question or two of the kit's own; the hungriest real template takes 3,500.
LOOK_STEPS = 150_000
# Characters (or items times eight) of one value; the longest context of today is about 4 MB of text.
VALUE_MAX = 8 << 20
# Bytes of the values of one rendering that are in use at once. Most that it makes are soon freed, so what
# is still in use is looked up whenever SWEEP_AFTER further bytes were made.
IN_USE_MAX = 128 << 20
SWEEP_AFTER = 32 << 20
# Texts from this size on are kept track of one by one.
TRACKED = 256
# What a part of a container takes at most that is not tracked itself: its slot, its head, its text.
PART_BYTES = 64 + TRACKED
# Characters that are copied, searched or looked at one by one while a block takes its step.
COPIED, SEARCHED, LOOKED_AT = 2048, 256, 16
# The same where Python itself does something with each, not C.
ONE_BY_ONE = 4
# The weight of containers that are compared, hashed or written out while a block takes its step.
COMPARED, WRITTEN = 128, 32
# The same for the items of a range and the like.
ITEMS_IN_A_STEP = 8
# Parts of a container that are weighed one by one in a step.
ITEMS_WEIGHED = 2
# Pieces that a text may fall into (each costs some 80 bytes).
ITEMS_MAX = 500_000
# Bits of an integer: far above what templates count, far below what makes Python slow.
BITS_MAX = 4096
# Text that filters of quadratic cost (striptags, urlize) may be given.
SLOW_TEXT_MAX = 64 << 10
# A chat template's own size; the longest known has about 20 kB.
TEMPLATE_MAX = 512 << 10


class TemplateLimitError(TemplateReferenceError, StoppedError):
    """A chat template that would take too much time, memory or output."""

    code = "MK212"


def too_many_steps(most: int, *, together: bool) -> TemplateLimitError:
    """The error of a chat template that takes more steps. together: in all renderings of the work at hand."""
    return TemplateLimitError(
        f"the chat template takes more than {most:,} steps" + (" in all its renderings" if together else ""),
        help="look for a loop over a large range, a loop in a loop, or large values in a loop",
    )


class RenderingBudget(threading.local):
    """What the rendering that runs in this thread may still spend."""

    def __init__(self) -> None:
        self.steps = 0
        self.most = STEPS_MAX
        self.together = 0
        self.made_bytes = 0
        self.texts: list[tuple[Any, int]] = []
        self.weights: dict[int, tuple[Any, int]] = {}
        self.now: Callable[[], datetime] = datetime.now

    def start(
        self, now: Callable[[], datetime] | None = None, most: int = STEPS_MAX, together: int = 0
    ) -> None:
        """Begins a rendering of at most that many steps; `now` is the clock of `strftime_now`.

        together: the limit of all renderings, where `most` is what is left of it.
        """
        self.steps, self.most, self.together = 0, most, together
        self.forget()
        self.now = now or datetime.now

    def forget(self) -> None:
        """Lets go of the values that it knows."""
        self.made_bytes = 0
        self.texts = []
        self.weights = {}

    def tick(self, steps: int = 1) -> None:
        """Counts steps: one for a block that runs, more for an operation on something large."""
        self.steps += steps
        if self.steps > self.most:
            raise too_many_steps(self.together or self.most, together=bool(self.together))

    def look_at(self, value: Any, pace: int = SEARCHED) -> None:
        """Counts an operation that goes through a value once, `pace` characters of it in a step."""
        if isinstance(value, (str, bytes)):
            if len(value) >= pace:
                self.tick(len(value) // pace)
        elif value.__class__ in CONTAINERS:
            self.tick(self.weigh(value) // min(pace, COMPARED))
        elif value.__class__ not in SCALARS and hasattr(value, "__len__"):  # ranges, a dictionary's keys
            self.tick(len(value) // ITEMS_IN_A_STEP)

    def compare(self, value: Any) -> Any:
        """Counts a value that is about to be compared or searched for, and hands it on."""
        kind = value.__class__
        if kind is str:
            if len(value) >= COPIED:
                self.tick(len(value) // COPIED)
        else:
            self.look_at(value, COMPARED)
        return value

    def search(self, value: Any) -> Any:
        """Counts a value in which something is about to be looked for, and hands it on."""
        if value.__class__ is not dict:  # where it is looked up
            self.look_at(value)
        return value

    def made(self, value: Any) -> Any:
        """Weighs a value that the template has just made, and hands it on."""
        kind = value.__class__
        if kind in CONTAINERS:
            self.tick()
            self.check(self.weigh(value))
        elif isinstance(value, (str, bytes)):
            size = len(value)
            if size >= TRACKED:
                self.check(size)
                self.tick(size // COPIED)
                self.texts.append((value, sys.getsizeof(value)))
                self.count_bytes(self.texts[-1][1])
        return value

    def count_bytes(self, size: int) -> None:
        """Adds to the bytes that were made; now and then looks at what is still in use."""
        self.made_bytes += size
        if self.made_bytes > SWEEP_AFTER:
            self.made_bytes = 0
            in_use = self._sweep()
            if in_use > IN_USE_MAX:
                raise TemplateLimitError(
                    f"the chat template keeps more than {IN_USE_MAX >> 20} MiB of values",
                    help="look for texts or lists that grow in a loop",
                )

    def _sweep(self) -> int:
        """The bytes of the values that are still in use; lets go of all others.

        CPython counts references, so it is known of each value whether only this class still has it.
        """
        in_use = 0
        # Parts were weighed before what holds them, so the holders go first.
        for key in reversed(list(self.weights)):
            entry = self.weights[key]
            if _references(entry) > _ALONE:
                in_use += _bytes_of(entry[0], entry[1])
            else:
                del self.weights[key]
        held = [entry for entry in self.texts if _references(entry) > _ALONE]
        self.texts = held
        return in_use + sum(size for _, size in held)

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
            parts = self._weigh_all(value.keys()) + self._weigh_all(value.values())
            # Keys are hashed, and a tuple's hash is not remembered.
            self.tick(sum(self.weigh(k) for k in value if k.__class__ is tuple) // COMPARED)
        else:
            parts = self._weigh_all(value)
        weight = parts + 8 * len(value) + 8
        self.tick(len(value) // ITEMS_IN_A_STEP)
        # The value is kept so that its id is not given to another one.
        self.weights[id(value)] = (value, weight)
        self.count_bytes(_bytes_of(value, weight))
        return weight

    def _weigh_all(self, parts: Collection[Any]) -> int:
        """The weights of a container's parts together; parts of one plain kind cost next to nothing."""
        kinds = set(map(type, parts))
        if kinds <= SCALARS:
            return 8 * len(parts)
        if kinds == _TEXTS:
            return sum(map(len, parts))
        self.tick(len(parts) // ITEMS_WEIGHED)
        return sum(map(self.weigh, parts))


def _bytes_of(container: Any, weight: int) -> int:
    """What a container and those of its parts take that are not tracked themselves."""
    return sys.getsizeof(container) + min(8 * weight, PART_BYTES * len(container))


def _references(entry: tuple[Any, int]) -> int:
    return sys.getrefcount(entry[0])


# How many references a value has that nothing else holds.
_ALONE = _references((object(), 0))


def _size(n: int) -> str:
    """A size for people; a number that is itself huge is not written out."""
    return f"{n:,} characters" if n < 10**15 else "more than 10^15 characters"


CONTAINERS = frozenset({list, tuple, dict, set, frozenset})
SCALARS = frozenset({int, float, bool, type(None)})
_TEXTS = frozenset({str})
BUDGET = RenderingBudget()


def concatenate(parts: Iterable[Any]) -> str:
    """What jinja2 calls to join rendered pieces."""
    pieces = list(parts)
    BUDGET.check(sum(map(len, pieces)))
    return BUDGET.made("".join(pieces))  # type: ignore[no-any-return]


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
        BUDGET.tick(weight // WRITTEN)
    return value
