"""Arrays in a GGUF header, read only where asked: nothing is built before an element is needed."""

from __future__ import annotations

import re
import struct
import sys
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

STEP = 256
"""A string array remembers where every 256th element begins; from there on it counts."""

AT_ONCE = 65_536
"""Numbers that are taken out of the bytes in one go: an array of millions is never held a second time."""

FEW, MANY = 4, 200
"""Texts up to which each is searched for alone; up to which all of them are, as one pattern."""

HITS_MIN = 10_000
"""Places at which one of several texts may stand before a search is given up: so many, and an eighth of the
elements. In a sound vocabulary there are some hundred."""

SCALARS: dict[int, tuple[str, str]] = {
    0: ("uint8", "B"),
    1: ("int8", "b"),
    2: ("uint16", "H"),
    3: ("int16", "h"),
    4: ("uint32", "I"),
    5: ("int32", "i"),
    6: ("float32", "f"),
    7: ("bool", "?"),
    10: ("uint64", "Q"),
    11: ("int64", "q"),
    12: ("float64", "d"),
}
"""GGUF value types with a fixed width: name and struct code, by their number in the file."""

STRING, ARRAY = 8, 9


class NumberArray(Sequence[Any]):
    """An array of numbers or booleans.

    element_type: its GGUF name, such as "int32".
    """

    def __init__(self, data: bytes, offset: int, count: int, kind: int, order: str) -> None:
        self.element_type, code = SCALARS[kind]
        self._one = struct.Struct(order + code)
        self._data, self._offset, self._count, self._code, self._order = data, offset, count, code, order

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self.tolist()[index]
        at = _checked(index, self._count)
        return self._one.unpack_from(self._data, self._offset + at * self._one.size)[0]

    def __iter__(self) -> Iterator[Any]:
        for part in self._parts():
            yield from part

    def tally(self) -> Counter[Any]:
        """How often each value occurs."""
        found: Counter[Any] = Counter()
        for part in self._small_parts():
            if isinstance(part, bytes):
                found.update({value: part.count(value) for value in set(part)})
            else:
                found.update(part)
        return found

    def where(self, values: Collection[int]) -> Iterator[int]:
        """The indices of the elements that are one of these numbers of 0 to 255, in order."""
        one = re.compile(b"[" + b"".join(re.escape(bytes([value])) for value in values) + b"]")
        first = 0
        for part in self._small_parts():
            if isinstance(part, bytes):
                yield from (first + hit.start() for hit in one.finditer(part))
            else:
                yield from (first + n for n, value in enumerate(part) if value in values)
            first += len(part)

    def _parts(self) -> Iterator[list[Any]]:
        for raw in self._raw_parts():
            yield self._numbers(raw)

    def _small_parts(self) -> Iterator[bytes | list[Any]]:
        """The elements; as bytes, in which C searches, where each is an integer below 256."""
        width = self._one.size
        low = 0 if self._order == "<" else width - 1
        for raw in self._raw_parts():
            lows = raw[low::width]
            small = self._code in "BHIQi" and raw.count(0) - lows.count(0) == len(lows) * (width - 1)
            yield lows if small else self._numbers(raw)

    def _raw_parts(self) -> Iterator[bytes]:
        width = self._one.size
        for first in range(0, self._count, AT_ONCE):
            start = self._offset + first * width
            yield self._data[start : self._offset + min(first + AT_ONCE, self._count) * width]

    def tolist(self) -> list[Any]:
        """All elements."""
        return self._numbers(self._data[self._offset : self._offset + self._count * self._one.size])

    def _numbers(self, raw: bytes) -> list[Any]:
        if self._code == "?":
            return [b != 0 for b in raw]
        values = array(self._code, raw)
        if (self._order == "<") != (sys.byteorder == "little"):
            values.byteswap()
        return values.tolist()

    def __repr__(self) -> str:
        return f"<{self._count} × {self.element_type}>"


class StringArray(Sequence[str]):
    """An array of strings; `raw(i)` gives the bytes of one, `index_of` finds one without reading all.

    marks: where elements 0, 256, 512, … begin; end: where the array ends.
    """

    element_type = "string"

    def __init__(self, data: bytes, marks: Sequence[int], end: int, count: int, order: str) -> None:
        self._data, self._marks, self._end, self._count = data, marks, end, count
        self._length = struct.Struct(order + "Q")
        self._last = (0, marks[0] if count else 0)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return self.tolist()[index]
        return readable(self.raw(index))

    def raw(self, index: int) -> bytes:
        """The bytes of one element, which need not be UTF-8."""
        index = _checked(index, self._count)
        last, at = self._last
        first = index - index % STEP
        if not first <= last <= index:
            last, at = first, self._marks[index // STEP]
        length = self._length.unpack_from
        for _ in range(index - last):
            at += length(self._data, at)[0] + 8
        self._last = (index, at)  # the next question is most often about the next element
        size = length(self._data, at)[0]
        return self._data[at + 8 : at + 8 + size]

    def __iter__(self) -> Iterator[str]:
        return map(readable, self.iter_raw())

    def iter_raw(self) -> Iterator[bytes]:
        """The bytes of every element, in order."""
        data, length = self._data, self._length.unpack_from
        at = self._marks[0] if self._count else 0
        for _ in range(self._count):
            start = at + 8
            at = start + length(data, at)[0]
            yield data[start:at]

    def tolist(self) -> list[str]:
        """All elements; what is not UTF-8 is shown as `\\xNN`."""
        return list(self)

    def index_of(self, text: str | bytes) -> int | None:
        """The index of the first element that is this text, None if there is none.

        Searches the raw bytes for length and text together and then makes sure that an element begins
        where they were found: about 1 ms in a vocabulary of 150,000. For several texts ask `first_of`.
        """
        wanted = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        needle = self._length.pack(len(wanted)) + wanted
        index, at = 0, self._marks[0] if self._count else 0
        while self._count and (found := self._data.find(needle, at, self._end)) >= 0:
            # A hit inside an element is none, nor is another one before that element's end: so every element
            # is stepped over once at most, whatever the texts hold.
            mark = bisect_right(self._marks, found) - 1
            if mark * STEP > index:
                index, at = mark * STEP, self._marks[mark]
            while at < found:
                at += self._length.unpack_from(self._data, at)[0] + 8
                index += 1
            if at == found:
                return index
        return None

    def first_of(self, texts: Iterable[str]) -> dict[str, int]:
        """The index of the first element that is the text, for each of the texts that is one."""
        wanted = {text.encode("utf-8", "surrogatepass"): text for text in texts}
        if not self._count or not wanted:
            return {}
        if len(wanted) <= FEW:
            each = ((text, self.index_of(raw)) for raw, text in wanted.items())
            return {text: index for text, index in each if index is not None}
        found = self._searched(wanted) if len(wanted) <= MANY and b"" not in wanted else None
        return self._gone_through(wanted) if found is None else found

    def _searched(self, wanted: Mapping[bytes, str]) -> dict[str, int] | None:
        """`first_of` by one search of the bytes for all texts, which is done in C.

        None where the bytes are full of such texts that are no elements, which would take too long.
        """
        tails: dict[bytes, list[bytes]] = {}
        for raw in wanted:
            tails.setdefault(raw[:1], []).append(re.escape(raw[1:]))
        # A hit is one byte long, so that the next one may begin within its text.
        heads = (re.escape(head) + b"(?=" + b"|".join(rest) + b")" for head, rest in tails.items())
        pattern = re.compile(b"|".join(heads))
        unpack, data, marks = self._length.unpack_from, self._data, self._marks
        lengths = set(map(len, wanted))
        index, at = 0, marks[0]
        found: dict[str, int] = {}
        hits_left = HITS_MIN + self._count // 8
        for hit in pattern.finditer(data, at + 8, self._end):
            start = hit.start()
            hits_left -= 1
            if hits_left < 0:
                return None
            size = unpack(data, start - 8)[0]
            text = wanted.get(data[start : start + size]) if size in lengths else None
            if text is not None and text not in found:
                # Whether an element begins here: from mark to mark, then step by step, and never back.
                mark = bisect_right(marks, start - 8) - 1
                if mark * STEP > index:
                    index, at = mark * STEP, marks[mark]
                while at < start - 8:
                    at += unpack(data, at)[0] + 8
                    index += 1
                if at == start - 8:
                    found[text] = index
        return found

    def _gone_through(self, wanted: Mapping[bytes, str]) -> dict[str, int]:
        """`first_of` by a look at every element."""
        found: dict[str, int] = {}
        lengths, unpack = set(map(len, wanted)), self._length.unpack_from
        data, at = self._data, self._marks[0]
        for index in range(self._count):
            size = unpack(data, at)[0]
            start, at = at + 8, at + 8 + size
            if size in lengths and (text := wanted.get(data[start:at])) is not None:
                found.setdefault(text, index)
        return found

    def __contains__(self, text: object) -> bool:
        return isinstance(text, (str, bytes)) and self.index_of(text) is not None

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """As `list.index`, by `index_of` where the whole array is meant."""
        if start == 0 and stop is None and isinstance(value, str):
            found = self.index_of(value)
            if found is None:
                raise ValueError(f"{value!r} is not in the array")
            return found
        return super().index(value, start, sys.maxsize if stop is None else stop)

    def __repr__(self) -> str:
        return f"<{self._count} × string>"


def readable(raw: bytes) -> str:
    """Text of bytes; what is not UTF-8 is shown as `\\xNN`, so that it can always be printed."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("utf-8", "backslashreplace")


def _checked(index: int, count: int) -> int:
    if not -count <= index < count:
        raise IndexError(f"index {index} in an array of {count}")
    return index % count
