"""Bounds on what a chat template may cost: steps, seconds, sizes of values, output.

jinja2's sandbox keeps a template away from Python's insides but not from `'x' * 10**9`, loops in
loops or a list that holds itself a million times. Here every block of a template counts as a step,
every value that a template makes is weighed, and the operations that can make something huge out
of something small are estimated before they run. A value's weight is its size as if written out,
so a list that mentions another one twice weighs it twice: this bounds what printing, comparing,
sorting or JSON-encoding it can cost.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from sys import getsizeof
from types import GeneratorType
from typing import Any

from ..errors import TemplateReferenceError

# Real templates take 30 to 3,000 steps a rendering; a million is half a second of work.
STEPS_MAX = 1_000_000
# CPU seconds for one rendering; no real template and conversation comes near.
SECONDS_MAX = 2.0
# On a machine under load the CPU clock may stand still: an end on the wall clock all the same.
WALL_SECONDS_MAX = 20.0
# Characters (or items times eight) of one value; the longest context of today is about 4 MB of text.
VALUE_MAX = 8 << 20
# Bytes of all values that one rendering makes; they are freed as it goes, so the peak is far lower.
TOTAL_MAX = 160 << 20
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
        self.weights: dict[int, tuple[Any, int]] = {}
        self.now: Callable[[], datetime] = datetime.now

    def start(self, now: Callable[[], datetime] | None = None) -> None:
        """Begins a rendering; `now` is the clock of `strftime_now`."""
        self.steps = self.spent = 0
        self.started = time.monotonic()
        self.cpu = time.thread_time()
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
            self.spend(getsizeof(value))
        elif kind in _CONTAINERS:
            self.check(self.weigh(value))
            # A small object that only this container holds takes some 32 bytes of its own.
            self.spend(getsizeof(value) + 32 * len(value))
        elif isinstance(value, (str, bytes)):
            self.check(len(value))
            self.spend(len(value))
        return value

    def spend(self, size: int) -> None:
        """Adds `size` bytes to what this rendering has made."""
        self.spent += size
        if self.spent > TOTAL_MAX:
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
        if value.__class__ not in _CONTAINERS:
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


def _size(n: int) -> str:
    """A size for people; a number that is itself huge is not written out."""
    return f"{n:,} characters" if n < 10**15 else "more than 10^15 characters"


_CONTAINERS = frozenset({list, tuple, dict, set, frozenset})
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
    pieces = [p if p.__class__ is str else str(p) for p in map(_printable, parts)]
    BUDGET.check(sum(map(len, pieces)))
    return BUDGET.made("".join(pieces))  # type: ignore[no-any-return]


def printed(value: Any) -> Any:
    """Counts a value that is about to be printed."""
    BUDGET.tick()
    return _printable(value)


def _printable(value: Any) -> Any:
    if value.__class__ in _CONTAINERS:
        weight = BUDGET.weigh(value)
        BUDGET.check(weight)
        BUDGET.spend(weight)
    return value


# -- operators ----------------------------------------------------------------------------------


def binary(operator: str, compute: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Runs one of `+ * ** %` unless its result would be too large."""
    if operator == "*":
        _check_product(left, right)
    elif operator == "**":
        if isinstance(left, int) and isinstance(right, int) and right > 0:
            _check_bits(left.bit_length() * right)
    elif operator == "%":
        if isinstance(left, (str, bytes)):
            _check_percent(left, right)
    elif left.__class__ is not int:
        BUDGET.check(BUDGET.weigh(left) + BUDGET.weigh(right))
    return BUDGET.made(compute(left, right))


def _check_product(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())
    elif isinstance(left, int):
        BUDGET.check(BUDGET.weigh(right) * max(left, 0))
    elif isinstance(right, int):
        BUDGET.check(BUDGET.weigh(left) * max(right, 0))


def _check_bits(bits: int) -> None:
    if bits > BITS_MAX:
        raise TemplateLimitError(f"the chat template makes an integer of more than {BITS_MAX} bits")


_PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(\d+|\*)?(?:\.(\d+|\*))?")
_DIGITS = re.compile(r"\d+")


def _check_percent(text: Any, values: Any) -> None:
    """The widths and precisions of printf-style formatting, and what is put in."""
    widths = [w for pair in _PERCENT.findall(str(text)) for w in pair if w]
    total = sum(_number(w) for w in widths if w != "*")
    if "*" in widths:
        numbers = values if isinstance(values, tuple) else (values,)
        total += sum(abs(n) for n in numbers if isinstance(n, int))
    count = max(1, str(text).count("%"))
    BUDGET.check(len(text) + total + BUDGET.weigh(values) * (count if isinstance(values, Mapping) else 1))


def _number(digits: str) -> int:
    return int(digits) if len(digits) < 12 else 10**12


def check_format_spec(spec: str) -> None:
    """The widths in a `str.format` field."""
    BUDGET.check(sum(map(_number, _DIGITS.findall(spec))))


# -- methods, filters and functions that make much out of little -----------------------------------


def _width(text: Any, width: Any = 80, *_: Any, **__: Any) -> None:
    if isinstance(width, int):
        BUDGET.check(len(str(text)) + width)


def _expandtabs(text: str, tabsize: Any = 8) -> None:
    if isinstance(tabsize, int):
        BUDGET.check(len(text) + text.count("\t") * max(tabsize, 0))


def _replace(text: Any, old: Any = "", new: Any = "", *_: Any, **__: Any) -> None:
    text, old, new = str(_printable(text)), str(_printable(old)), str(_printable(new))
    BUDGET.check(len(text) + text.count(old) * len(new))


def _split(text: str, sep: Any = None, *_: Any, **__: Any) -> None:
    if len(text) > ITEMS_MAX:
        pieces = text.count(sep) if isinstance(sep, str) and sep else len(text)
        _check_items(pieces)


def _check_items(count: int) -> None:
    if count > ITEMS_MAX:
        raise TemplateLimitError(f"the chat template cuts a text into more than {ITEMS_MAX:,} pieces")


def _indent(text: Any, width: Any = 4, *_: Any, **__: Any) -> None:
    size = width if isinstance(width, int) else len(str(width))
    BUDGET.check(len(str(text)) + (str(text).count("\n") + 1) * max(size, 0))


def _batch(_: Any, count: Any = 1, *__: Any, **___: Any) -> None:
    if isinstance(count, int):
        BUDGET.check(count * 8)


def _round(_: Any, precision: Any = 0, *__: Any, **___: Any) -> None:
    if isinstance(precision, int) and abs(precision) > 400:
        raise TemplateLimitError("the chat template rounds to more than 400 digits")


def _format(text: Any, *args: Any, **kwargs: Any) -> None:
    _check_percent(text if isinstance(text, str) else str(text), kwargs or args)


def _wordwrap(text: Any, width: Any = 79, *args: Any, wrapstring: Any = None, **_: Any) -> None:
    mark = wrapstring if wrapstring is not None else (args[1] if len(args) > 1 else None)
    size = len(mark) if isinstance(mark, str) else 1
    text = str(text)
    lines = len(text) // max(width if isinstance(width, int) else 1, 1) + text.count("\n") + text.count(" ")
    BUDGET.check(len(text) + lines * size)


def _slow(text: Any, *_: Any, **__: Any) -> None:
    if BUDGET.weigh(text) > SLOW_TEXT_MAX:
        raise TemplateLimitError(
            f"the chat template gives a filter of quadratic cost more than {SLOW_TEXT_MAX >> 10} kB"
        )


def _sum(values: Any, _: Any = None, start: Any = 0, **__: Any) -> None:
    if not isinstance(start, (int, float)) and isinstance(values, (list, tuple)):
        BUDGET.check(len(values) * BUDGET.weigh(values) // 16)


def _items(values: Any, *_: Any, **__: Any) -> None:
    if isinstance(values, (str, bytes)):
        _check_items(len(values))


def _translate(text: str, table: Any) -> None:
    values = table.values() if isinstance(table, Mapping) else table
    longest = max((len(v) for v in values if isinstance(v, str)), default=1)
    BUDGET.check(len(text) * longest)


def _to_bytes(_: Any, length: Any = 1, *__: Any, **___: Any) -> None:
    if isinstance(length, int):
        BUDGET.check(length)


_METHODS: dict[str, Callable[..., None]] = {
    "center": _width,
    "ljust": _width,
    "rjust": _width,
    "zfill": _width,
    "expandtabs": _expandtabs,
    "replace": _replace,
    "split": _split,
    "rsplit": _split,
    "splitlines": _split,
    "title": _items,
    "to_bytes": _to_bytes,
    "translate": _translate,
}

_FILTERS: dict[str, Callable[..., None]] = {
    "batch": _batch,
    "center": _width,
    "format": _format,
    "indent": _indent,
    "list": _items,
    "map": _items,
    "pprint": _slow,
    "replace": _replace,
    "round": _round,
    "select": _items,
    "reject": _items,
    "slice": _batch,
    "sort": _items,
    "striptags": _slow,
    "sum": _sum,
    "title": _items,
    "unique": _items,
    "urlize": _slow,
    "wordwrap": _wordwrap,
    "xmlattr": _slow,
}


def before_method(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Refuses a method call whose result would be too large; hands back its arguments.

    An iterator given to `join` becomes a list, so that it can be weighed.
    """
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", "")
    if isinstance(owner, (str, bytes)) and name == "join" and len(args) == 1:
        items = _listed(args[0])
        BUDGET.check(BUDGET.weigh(items) + len(owner) * len(items))
        return (items,)
    estimate = _METHODS.get(name)
    if estimate is not None and isinstance(owner, (str, bytes, int)):
        _estimated(estimate, owner, args, kwargs)
    return args


def before_filter(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The same for a filter; `args` begins with the value that is filtered."""
    value = args[0] if args else None
    if name in ("join", "list", "sort", "sum") and isinstance(value, GeneratorType):
        value = _listed(value)
        args = (value, *args[1:])
    if name == "join" and isinstance(value, (list, tuple)):
        mark = args[1] if len(args) > 1 else kwargs.get("d", "")
        BUDGET.check(BUDGET.weigh(value) + BUDGET.weigh(mark) * len(value))
    elif value.__class__ in _CONTAINERS:
        BUDGET.check(BUDGET.weigh(value))
    estimate = _FILTERS.get(name)
    if estimate is not None:
        _estimated(estimate, value, args[1:], kwargs)
    return args


def _estimated(
    estimate: Callable[..., None], value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    try:
        estimate(value, *args, **kwargs)
    except TypeError:
        return  # wrong arguments: the real call says so in Python's own words


def _listed(values: Any) -> Any:
    """A list of an iterator's items, counted as they come; anything that has a length is left alone."""
    if hasattr(values, "__len__"):
        return values
    items: list[Any] = []
    for item in values:
        BUDGET.tick()
        items.append(item)
    return items
