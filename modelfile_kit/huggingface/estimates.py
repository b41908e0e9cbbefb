"""How large the result of an operation would be and how long it would take, before it runs.

Most operations make no more than they are given, and what they make is weighed afterwards. The
ones below can make something huge out of something small, so their result is estimated first. How many
steps an operation takes for what it is given is counted for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import GeneratorType
from typing import Any

from jinja2.runtime import Macro

from .guard import (
    BITS_MAX,
    BUDGET,
    CONTAINERS,
    ITEMS_MAX,
    LOOKED_AT,
    SEARCHED,
    SLOW_TEXT_MAX,
    WRITTEN,
    TemplateLimitError,
    printable,
)
from .operations import FILTERS, METHODS


def binary(operator: str, compute: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Runs one of `+ * ** %` unless its result would be too large."""
    BUDGET.tick()
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


_PERCENT = re.compile(r"%(?:\([^)]*(?:\)|\Z))?[-+ #0]*(\d+|\*)?(?:\.(\d+|\*))?")
_DIGITS = re.compile(r"\d+")


def _check_percent(text: Any, values: Any) -> None:
    """The widths and precisions of printf-style formatting, and what is put in."""
    widths = [w for pair in _PERCENT.findall(str(text)) for w in pair if w]
    total = sum(_number(w) for w in widths if w != "*")
    if "*" in widths:
        numbers = values if isinstance(values, tuple) else (values,)
        total += sum(abs(n) for n in numbers if isinstance(n, int))
    count = max(1, str(text).count("%"))
    BUDGET.tick(BUDGET.weigh(values) // WRITTEN * (count if isinstance(values, Mapping) else 1))
    BUDGET.check(len(text) + total + BUDGET.weigh(values) * (count if isinstance(values, Mapping) else 1))


def _number(digits: str) -> int:
    return int(digits) if len(digits) < 12 else 10**12


def check_format_spec(spec: str) -> None:
    """The widths in a `str.format` field."""
    BUDGET.check(sum(map(_number, _DIGITS.findall(spec))))


def _width(text: Any, width: Any = 80, *_: Any, **__: Any) -> None:
    if isinstance(width, int):
        BUDGET.check(len(str(text)) + width)


def _expandtabs(text: str, tabsize: Any = 8) -> None:
    if isinstance(tabsize, int):
        BUDGET.check(len(text) + text.count("\t") * max(tabsize, 0))


def _replace(text: Any, old: Any = "", new: Any = "", *_: Any, **__: Any) -> None:
    text, old, new = str(printable(text)), str(printable(old)), str(printable(new))
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
    size = BUDGET.weigh(text)
    if size > SLOW_TEXT_MAX:
        raise TemplateLimitError(
            f"the chat template gives a filter of quadratic cost more than {SLOW_TEXT_MAX >> 10} kB"
        )
    BUDGET.tick(size * size >> 12)


def _sort(values: Any, *_: Any, **__: Any) -> None:
    _items(values)
    if hasattr(values, "__len__"):
        # Every item is compared with some others, which for long texts goes through what they share.
        rounds = max(1, len(values).bit_length())
        BUDGET.tick((len(values) // 4 + BUDGET.weigh(values) // SEARCHED) * rounds)


def _strip(text: Any, chars: Any = None, *_: Any, **__: Any) -> None:
    if isinstance(chars, str) and isinstance(text, str):
        BUDGET.tick(len(text) * len(chars) // SEARCHED)


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


METHOD_ESTIMATES: dict[str, Callable[..., None]] = {
    "center": _width,
    "ljust": _width,
    "rjust": _width,
    "zfill": _width,
    "expandtabs": _expandtabs,
    "replace": _replace,
    "lstrip": _strip,
    "rstrip": _strip,
    "strip": _strip,
    "split": _split,
    "rsplit": _split,
    "splitlines": _split,
    "title": _items,
    "to_bytes": _to_bytes,
    "translate": _translate,
}

FILTER_ESTIMATES: dict[str, Callable[..., None]] = {
    "batch": _batch,
    "center": _width,
    "dictsort": _sort,
    "format": _format,
    "groupby": _sort,
    "indent": _indent,
    "list": _items,
    "map": _items,
    "pprint": _slow,
    "replace": _replace,
    "round": _round,
    "select": _items,
    "reject": _items,
    "slice": _batch,
    "sort": _sort,
    "striptags": _slow,
    "sum": _sum,
    "title": _items,
    "trim": _strip,
    "unique": _items,
    "urlize": _slow,
    "wordwrap": _wordwrap,
    "xmlattr": _slow,
}

# A name can be a method of several types; the slowest of them counts.
_METHOD_PACES = {
    name: min(row.pace for (_, other), row in METHODS.items() if other == name) for _, name in METHODS
}


def before_method(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Refuses a method call whose result would be too large; hands back its arguments.

    An iterator given to `join` becomes a list, so that it can be weighed.
    """
    BUDGET.tick(len(args) + len(kwargs))
    if function.__class__ is Macro:
        return args  # it is handed them as they are; what it does with them is counted there
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", "")
    if owner.__class__ is not dict:
        BUDGET.look_at(owner, _METHOD_PACES.get(name, SEARCHED))
    # A function of a template, such as `dict`, goes through what it is given item by item.
    pace = SEARCHED if isinstance(owner, (str, bytes)) else LOOKED_AT
    for value in (*args, *kwargs.values()):
        BUDGET.look_at(value, pace)
    if isinstance(owner, (str, bytes)) and name == "join" and len(args) == 1:
        items = _listed(args[0])
        BUDGET.check(BUDGET.weigh(items) + len(owner) * len(items))
        return (items,)
    estimate = METHOD_ESTIMATES.get(name)
    if estimate is not None and isinstance(owner, (str, bytes, int)):
        _estimated(estimate, owner, args, kwargs)
    return args


def before_filter(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The same for a filter; `args` begins with the value that is filtered."""
    value = args[0] if args else None
    if isinstance(value, GeneratorType):
        value = _listed(value) if name in ("join", "list", "sort", "sum") else _counted(value)
        args = (value, *args[1:])
    pace = FILTERS[name].pace if name in FILTERS else SEARCHED
    if pace:
        BUDGET.look_at(value, pace)
    for other in (*args[1:], *kwargs.values()):
        BUDGET.look_at(other)
    if name == "join" and isinstance(value, str):
        BUDGET.look_at(value, LOOKED_AT)
    if name == "join" and isinstance(value, (list, tuple)):
        mark = args[1] if len(args) > 1 else kwargs.get("d", "")
        BUDGET.check(BUDGET.weigh(value) + BUDGET.weigh(mark) * len(value))
    elif value.__class__ in CONTAINERS:
        BUDGET.check(BUDGET.weigh(value))
    estimate = FILTER_ESTIMATES.get(name)
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


def _counted(values: Any) -> Iterator[Any]:
    """An iterator's items, each with its step when it is asked for."""
    for value in values:
        BUDGET.tick()
        yield value
