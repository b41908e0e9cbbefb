"""A file that is on its way in pieces: its bytes, and behind them how much of each piece has come.

The list stands in the same file, so that the two cannot get apart; when all is there it is cut off. A byte is
counted only after it was written: whoever is killed between the two fetches at most one block again.
"""

from __future__ import annotations

import hashlib
import os
import struct
import threading
from dataclasses import dataclass
from typing import BinaryIO

PIECE_BYTES = 8 << 20
LARGE_PIECE_BYTES = 64 << 20
LARGE_BYTES = 4 << 30
"""Files from this size on come in large pieces: fewer requests, and a shorter list."""

_MAGIC = b"mkmodelfile pieces 1\n"
_COUNT = struct.Struct("<Q")
_HEAD = struct.Struct("<QQ32s")


@dataclass
class Piece:
    """Bytes `start` to `end` of a file, of which the first `done` are there."""

    number: int
    start: int
    end: int
    done: int = 0

    @property
    def at(self) -> int:
        """The first byte that is missing."""
        return self.start + self.done

    @property
    def missing(self) -> int:
        """So many bytes are missing."""
        return self.end - self.at


class Pieces:
    """The pieces of one file; may be used by several threads at once.

    After `stop` nothing is written any more, whoever still tries.
    """

    def __init__(self, stream: BinaryIO, size: int, state: str, *, look_only: bool = False) -> None:
        """stream: unbuffered, for reading and writing. size: of the whole file; state: what tells this state
        of the file from another, such as its digest. What is there of another state is thrown away.
        look_only: nothing is written.
        """
        self.size = size
        self._stream = stream
        self._lock = threading.Lock()
        self._stopped = False
        self._taken: set[int] = set()
        step = piece_bytes(size)
        head = _MAGIC + _HEAD.pack(size, step, hashlib.sha256(state.encode()).digest())
        bounds = [(at, min(at + step, size)) for at in range(0, size, step)]
        self._list_at = size + len(head)
        stream.seek(0, os.SEEK_END)
        length = stream.tell()
        # Without a list it is a beginning: of one stream, or all of it, from which the list was cut off.
        counts = (
            [max(0, min(length, end) - start) for start, end in bounds]
            if length <= size
            else self._read_list(head, length, len(bounds))
        )
        if not look_only and (counts is None or length <= size):
            if counts is None:
                stream.truncate(0)
            self._put(size, head + b"".join(map(_COUNT.pack, counts or [0] * len(bounds))))
        self.pieces = [
            Piece(n, start, end, min(counts[n], end - start) if counts else 0)
            for n, (start, end) in enumerate(bounds)
        ]

    def _read_list(self, head: bytes, length: int, count: int) -> list[int] | None:
        if length != self.size + len(head) + count * _COUNT.size:
            return None
        self._stream.seek(self.size)
        data = _read(self._stream, length - self.size)
        return [n for (n,) in _COUNT.iter_unpack(data[len(head) :])] if data.startswith(head) else None

    @property
    def done(self) -> int:
        """So many bytes are there."""
        return sum(piece.done for piece in self.pieces)

    @property
    def front(self) -> int:
        """So many bytes are there from the beginning on, without a gap."""
        for piece in self.pieces:
            if piece.missing:
                return piece.at
        return self.size

    def take(self) -> Piece | None:
        """The first piece that lacks bytes and that nobody has taken; None where there is none."""
        with self._lock:
            for piece in self.pieces:
                if piece.missing and piece.number not in self._taken and not self._stopped:
                    self._taken.add(piece.number)
                    return piece
        return None

    def give_back(self, piece: Piece) -> None:
        """Lets others take it."""
        with self._lock:
            self._taken.discard(piece.number)

    def add(self, piece: Piece, data: bytes) -> bool:
        """Writes the next bytes of a piece; False where nothing is written any more. Raises OSError."""
        with self._lock:
            if self._stopped:
                return False
            self._put(piece.at, data)
            self._put(self._list_at + piece.number * _COUNT.size, _COUNT.pack(piece.done + len(data)))
            piece.done += len(data)
            return True

    def read(self, at: int, count: int) -> bytes:
        """Bytes that are there."""
        with self._lock:
            self._stream.seek(at)
            return _read(self._stream, count)

    def stop(self) -> None:
        """From now on nothing is written; waits for what is being written."""
        with self._lock:
            self._stopped = True

    def cut_list_off(self) -> None:
        """Leaves the file's own bytes alone. For when all of them are there."""
        self._stream.truncate(self.size)

    def _put(self, at: int, data: bytes) -> None:
        self._stream.seek(at)
        write_all(self._stream, data)


def piece_bytes(size: int) -> int:
    """How large the pieces of a file of this size are."""
    return LARGE_PIECE_BYTES if size >= LARGE_BYTES else PIECE_BYTES


def write_all(stream: BinaryIO, data: bytes) -> None:
    """Writes to an unbuffered stream, which may take less than all at once."""
    view = memoryview(data)
    while view:
        view = view[stream.write(view) :]


def _read(stream: BinaryIO, count: int) -> bytes:
    parts = []
    while count > 0 and (part := stream.read(count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
