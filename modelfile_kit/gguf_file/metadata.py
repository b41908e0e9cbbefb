"""The key-value part of a GGUF header, as a mapping that reads a value when it is asked for."""

from __future__ import annotations

import hashlib
import struct
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .arrays import ARRAY, SCALARS, STRING, NumberArray, StringArray, readable

Value = int | float | bool | str | NumberArray | StringArray

FIRST_KEY = 24  # magic, version and the two counts come first (GGUF 2 and 3)


@dataclass(frozen=True)
class Entry:
    """Where a value stands: its type, its first byte and, for arrays, element type, count and end.

    marks: only for arrays of strings, see `StringArray`. For a string, count is its length in bytes.
    """

    kind: int
    offset: int
    count: int = 0
    element: int = -1
    end: int = 0
    marks: array[int] | None = None


class Metadata(Mapping[str, Value]):
    """Keys and values in the order of the file.

    Numbers, booleans and strings come as such; an array comes as a lazy sequence (`NumberArray`,
    `StringArray`) with a known length. A string that is not UTF-8 shows the bytes as `\\xNN`, and
    `raw(key)` has them.
    """

    def __init__(self, entries: Mapping[str, Entry], data: bytes, order: str) -> None:
        self._entries, self._data, self._order = entries, data, order
        self._values: dict[str, Value] = {}

    def __getitem__(self, key: str) -> Value:
        if key not in self._values:
            self._values[key] = self._read(self._entries[key])
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def type_of(self, key: str) -> str:
        """GGUF's name of a value's type: "uint32", "string", "string[]" and so on."""
        entry = self._entries[key]
        kind, suffix = (entry.element, "[]") if entry.kind == ARRAY else (entry.kind, "")
        return ("string" if kind == STRING else SCALARS[kind][0]) + suffix

    def raw(self, key: str) -> bytes:
        """The bytes of a string value. Raises TypeError for other types."""
        entry = self._entries[key]
        if entry.kind != STRING:
            raise TypeError(f"{key} is of type {self.type_of(key)}, not a string")
        return self._data[entry.offset : entry.offset + entry.count]

    def text(self, key: str, default: str = "") -> str:
        """A string value; the default where the key is missing or of another type."""
        value = self.get(key)
        return value if isinstance(value, str) else default

    def integer(self, key: str) -> int | None:
        """An integer value; None where the key is missing or of another type."""
        value = self.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, key: str) -> bool | None:
        """A boolean value; None where the key is missing or of another type."""
        value = self.get(key)
        return value if isinstance(value, bool) else None

    def pieces(self) -> Iterator[tuple[str, memoryview]]:
        """Each key with its bytes in the file: name, type and value. For writing them again."""
        start = FIRST_KEY
        for key, entry in self._entries.items():
            end = _end(entry)
            yield key, memoryview(self._data)[start:end]
            start = end

    def digest(self) -> str:
        """SHA-256 of the whole header: two files with the same one say the same about themselves."""
        return hashlib.sha256(self._data).hexdigest()

    @property
    def behind(self) -> bytes:
        """The header's bytes after the last value: the list of tensors."""
        return self._data[max([FIRST_KEY, *map(_end, self._entries.values())]) :]

    def _read(self, entry: Entry) -> Value:
        if entry.kind == STRING:
            return readable(self._data[entry.offset : entry.offset + entry.count])
        if entry.kind != ARRAY:
            value: Any = struct.unpack_from(self._order + SCALARS[entry.kind][1], self._data, entry.offset)[0]
            return value  # type: ignore[no-any-return]
        if entry.element == STRING:
            return StringArray(self._data, entry.marks or array("Q"), entry.end, entry.count, self._order)
        return NumberArray(self._data, entry.offset, entry.count, entry.element, self._order)

    def __repr__(self) -> str:
        return f"<{len(self)} keys>"


def _end(entry: Entry) -> int:
    if entry.kind == ARRAY:
        return entry.end
    return entry.offset + (
        entry.count if entry.kind == STRING else struct.calcsize("=" + SCALARS[entry.kind][1])
    )
