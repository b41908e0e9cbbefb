"""Values and bytes that are changed at random: what the fuzzers of structured files share."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**400, -(2**40), 1.5, float("nan"), float("inf")),
    *("", "a", "\ud800", "\x1b]0;x\x07", "<s>", "\n", "x" * 5000, "\u202e", "../../x", "\u00b2"),
    *([], {}, [[]], {"a": 1}, ["a", 1], [["a", "b"]]),
    *(
        "(a+)+$",
        "(?:",
        r"\p{",
        "ByteLevel",
        "Sequence",
        "BPE",
        "Unigram",
        "WordLevel",
        "Metaspace",
        "Replace",
    ),
)
"""Of the wrong type, too large, no text, a pattern without end, or another kind of part."""

_WIDE = 6  # entries of a list or a mapping that are changed: the others are like them
_DEEP = 50  # lists in lists that are changed: what lies deeper is like what is around it


def changed_value(chance: random.Random, value: Any) -> Any:
    """A copy of JSON's values in which up to three are odd, gone, or at another place too."""
    value = copy.deepcopy(value)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        places = list(_places(value))
        if not places:
            return chance.choice(ODD)
        holder, key = chance.choice(places)
        way = chance.random()
        if way < 0.2:
            del holder[key]
        elif way < 0.3:
            other, there = chance.choice(places)
            if isinstance(other, dict) or there < len(other):
                holder[key] = copy.deepcopy(other[there])
        else:
            holder[key] = chance.choice(ODD)
    return value


def _places(value: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    """Every place of a value that can be changed, as its holder and a key or number."""
    if isinstance(value, dict):
        keys: list[Any] = list(value)
    elif isinstance(value, list):
        keys = list(range(min(len(value), _WIDE)))
    else:
        return
    for key in keys:
        yield value, key
        if depth < _DEEP:
            yield from _places(value[key], depth + 1)


def changed_bytes(chance: random.Random, data: bytes, *, near: int = 0) -> bytes:
    """A copy in which some bytes are others, gone, new, or cut off behind.

    near: where it is given, most changes are within so many bytes of the start.
    """
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 10))):
        if not changed:
            break
        most = min(len(changed), near) if near and chance.random() < 0.6 else len(changed)
        at = chance.randrange(most)
        way = chance.randrange(5)
        if way == 0:
            changed[at] = chance.choice((0, 255, 127, 128, chance.randrange(256)))
        elif way == 1:
            changed[at : at + 4] = chance.choice((b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff", b"\0\0@\x1f"))
        elif way == 2:
            del changed[at : at + chance.randrange(1, 9)]
        elif way == 3:
            changed[at:at] = changed[at : at + chance.randrange(1, 50)]
        else:
            del changed[len(changed) * chance.randrange(1, 100) // 100 :]
    return bytes(changed)
