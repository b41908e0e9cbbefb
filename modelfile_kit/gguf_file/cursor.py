"""Walks through a header's bytes; every read is bounded and says where and why it fails."""

from __future__ import annotations

import struct
from array import array
from io import SEEK_END, BytesIO

from ..core.diagnostics import Span
from ..core.errors import GGUFError
from ..sources.byte_source import Source
from .arrays import STEP
from .limits import FIRST_BLOCK, LARGEST_BLOCK, MAX_HEADER_BYTES, MAX_STRING_BYTES

TRUNCATED, OVER_LIMIT, UNSOUND = "MK404", "MK405", "MK401"


class Cursor:
    """A position in the bytes read so far; reads more from the source as needed.

    at: the position; order: "<" or ">", the file's byte order; data: a view of the bytes read so far, which
    the next read replaces.
    """

    def __init__(self, source: Source, order: str = "<") -> None:
        self.source = source
        self._read = BytesIO()
        self.data = self._read.getbuffer()
        self.at = 0
        self._block = FIRST_BLOCK
        self.set_order(order)

    def set_order(self, order: str) -> None:
        """Reads numbers in this byte order from now on."""
        self.order = order
        self._u32 = struct.Struct(order + "I")
        self._u64 = struct.Struct(order + "Q")

    def error(self, message: str, *, at: int | None = None, code: str = UNSOUND, help: str = "") -> GGUFError:
        """An error that names the file and the byte."""
        where = self.at if at is None else at
        return GGUFError(
            f"at byte {where:,}: {message}",
            span=Span(self.source.name),
            help=help or "the file is damaged or not made by a GGUF writer; download or convert it again",
            code=code,
        )

    def first_bytes(self) -> bytes:
        """Reads the first block; returns as much of it as tells what kind of file this is."""
        self._add(self.source.read(self._block))
        return bytes(self.data[:4096])

    def taken(self) -> bytes:
        """The bytes up to the position. Ends the reading: they become the result and are not copied."""
        self.data.release()
        self._read.truncate(self.at)
        return self._read.getvalue()

    def _add(self, block: bytes) -> None:
        self.data.release()  # what is being looked at cannot grow
        self._read.seek(0, SEEK_END)
        self._read.write(block)
        self.data = self._read.getbuffer()

    def need(self, count: int, what: str, *, start: int | None = None) -> None:
        """Makes sure that `count` bytes from the position on are there."""
        end = (self.at if start is None else start) + count
        if end <= len(self.data):
            return
        if end > MAX_HEADER_BYTES:
            raise self.error(
                f"{what} reaches to byte {end:,}, beyond the {MAX_HEADER_BYTES:,} bytes a header may have",
                code=OVER_LIMIT,
            )
        size = self.source.size
        while end > len(self.data):
            if size is not None and end > size:
                raise self._ends(what, end, size)
            block = self.source.read(self._block)
            if not block:
                raise self._ends(what, end, len(self.data))
            self._add(block)
            self._block = min(self._block * 2, LARGEST_BLOCK)

    def u32(self, what: str) -> int:
        self.need(4, what)
        value: int = self._u32.unpack_from(self.data, self.at)[0]
        self.at += 4
        return value

    def u64(self, what: str) -> int:
        self.need(8, what)
        value: int = self._u64.unpack_from(self.data, self.at)[0]
        self.at += 8
        return value

    def string(self, what: str, limit: int) -> tuple[int, int]:
        """Steps over a string; returns where its bytes begin and how many they are."""
        start = self.at
        length = self.u64(f"the length of {what}")
        if length > limit:
            raise self.error(
                f"{what} claims {length:,} bytes, the limit is {limit:,}", at=start, code=OVER_LIMIT
            )
        self.need(length, what)
        offset, self.at = self.at, self.at + length
        return offset, length

    def skip_strings(self, count: int, what: str) -> array[int]:
        """Steps over `count` strings; returns where every 256th begins.

        The loop is the whole cost of opening a file, so it checks a block of 256 at a time and goes
        through the block again, slowly and with all checks, when something is odd.
        """
        marks = array("Q")
        unpack = self._u64.unpack_from
        for first in range(0, count, STEP):
            marks.append(self.at)
            many = min(STEP, count - first)
            at, data = self.at, self.data
            try:
                for _ in range(many):
                    at += unpack(data, at)[0] + 8
            except (struct.error, OverflowError):
                at = len(data) + 1
            fits = at <= len(data) and at - self.at <= MAX_STRING_BYTES
            del data  # a view that is held would keep the next block from being added
            if fits:
                self.at = at
            else:
                for n in range(first, first + many):
                    self.string(f"element {n} of {what}", MAX_STRING_BYTES)
        return marks

    def _ends(self, what: str, end: int, size: int) -> GGUFError:
        return GGUFError(
            f"the file ends at byte {size:,}, inside its header: {what} needs {end:,}",
            span=Span(self.source.name),
            help="the file is cut short, as after a broken download; download it again",
            code=TRUNCATED,
        )
