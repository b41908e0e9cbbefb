"""Fetches the pieces of a file by several connections at once.

One begins. Others follow once the server has shown that it sends ranges; one that does not is read as one
stream. A connection that fails leaves its piece to the others: only when none is left the download failed.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from contextvars import ContextVar, copy_context
from typing import Any, Protocol, cast

from ..core.diagnostics import Span
from ..core.errors import KitError, SourceError
from .byte_source import LIES, Source
from .pieces import Piece, Pieces
from .repository import Told

CONNECTIONS = 4
MOST_CONNECTIONS = 16
BLOCK_BYTES = 1 << 20
ATTEMPTS = 3  # of a connection that breaks off, without a block of progress between
TURN_SECONDS = 0.2  # after which the progress is told, when nothing else happens

_CHOSEN: ContextVar[int] = ContextVar("connections", default=CONNECTIONS)


class Opening(Protocol):
    """Opens the contents of a file."""

    def __call__(self, start: int, end: int | None = None) -> Source:
        """From byte `start` on, to `end` or all of them."""


@contextlib.contextmanager
def connections(count: int) -> Iterator[None]:
    """So many connections at once has each download inside."""
    token = _CHOSEN.set(count)
    try:
        yield
    finally:
        _CHOSEN.reset(token)


def chosen_connections() -> int:
    """How many a download may have."""
    return _CHOSEN.get()


def fetch_pieces(
    opened: Opening, pieces: Pieces, *, title: str, told: Told | None = None, version: str | None = None
) -> str:
    """Fetches what is missing, and returns the SHA-256 of the whole file in hexadecimal.

    title: for messages. version: None where the digest will tell one state of the file from another; else
    the server's name of the state that is wanted ("" for any), and no other is taken.
    Raises what the last connection ended with, OSError where the disk takes no more; what came is kept.
    """
    work = _Work(opened, pieces, title, version)
    digest, hashed = hashlib.sha256(), 0
    work.begin()
    try:
        while hashed < pieces.size:
            if (front := pieces.front) > hashed:
                block = pieces.read(hashed, min(BLOCK_BYTES, front - hashed))
                digest.update(block)
                hashed += len(block)
            elif not work.wait():
                break
            if told is not None:
                told(pieces.done, pieces.size)
    finally:
        work.end()
    if hashed < pieces.size:
        raise work.failure()
    return digest.hexdigest()


class _Work:
    """The connections of one download."""

    def __init__(self, opened: Opening, pieces: Pieces, title: str, version: str | None) -> None:
        self._opened, self._pieces, self._title = opened, pieces, title
        self._version = version
        self._changed = threading.Condition()
        self._ranges = False
        self._stopped = False
        self._started = self._alive = 0
        self._failure: BaseException | None = None

    def begin(self) -> None:
        """Starts the first connection, if anything is missing."""
        if self._pieces.front < self._pieces.size:
            with self._changed:
                self._start()

    def wait(self) -> bool:
        """Waits until something happens; False when no connection is left."""
        with self._changed:
            if self._ranges and not self._stopped:
                while self._started < chosen_connections():
                    self._start()
            if self._alive == 0:
                return self._pieces.front == self._pieces.size
            self._changed.wait(TURN_SECONDS)
        return True

    def end(self) -> None:
        """Nothing is written from now on. Connections that wait for a server end by themselves."""
        self._stopped = True
        self._pieces.stop()

    def failure(self) -> BaseException:
        """Why not all of it came."""
        return self._failure or SourceError(
            "the connections ended before all of it had come",
            span=Span(self._title),
            help="try again; what came is kept",
            code=LIES,
        )

    def _start(self) -> None:
        self._started += 1
        self._alive += 1
        # The context has what the user bears of a server; a thread begins with an empty one.
        threading.Thread(target=copy_context().run, args=(self._run,), daemon=True).start()

    def _run(self) -> None:
        connection = _Connection(self._opened)
        failed = 0
        try:
            while (piece := self._next()) is not None:
                before, fresh = piece.done, not connection.is_open
                try:
                    self._fetch(connection, piece)
                    failed = 0
                except KitError as e:
                    connection.close()
                    failed = 0 if piece.done > before else failed + 1
                    # What is open for long may be refused at last, as a signed address that has run out.
                    if e.code == LIES or (fresh and not _broke_off(e)) or failed >= ATTEMPTS:
                        raise
                finally:
                    self._pieces.give_back(piece)
        except BaseException as e:
            self._ended(e)
        else:
            self._ended(None)
        finally:
            connection.close()

    def _next(self) -> Piece | None:
        """A piece for this thread; while others have the last ones, it waits for what they may give back."""
        while not self._stopped:
            if (piece := self._pieces.take()) is not None:
                return piece
            if self._pieces.front == self._pieces.size:
                return None
            with self._changed:
                self._changed.wait(TURN_SECONDS)
        return None

    def _fetch(self, connection: _Connection, piece: Piece) -> None:
        connection.go_to(piece.at, piece.end)
        while piece.missing and not self._stopped:
            block = connection.read(min(BLOCK_BYTES, piece.missing))
            if not block:
                raise SourceError(
                    f"the server sends nothing from byte {piece.at:,} on, of {self._pieces.size:,}",
                    span=Span(self._title),
                    help="try again; what came is kept",
                    code=LIES,
                )
            self._hold_to_version(connection)
            if not self._pieces.add(piece, block):
                return
            with self._changed:
                self._ranges = self._ranges or connection.by_ranges
                self._changed.notify_all()

    def _hold_to_version(self, connection: _Connection) -> None:
        if self._version is None:
            return
        with self._changed:
            self._version = self._version or connection.version
            if connection.version != self._version:
                raise SourceError(
                    "changed on the server while it was read",
                    span=Span(self._title),
                    help="try again",
                    code=LIES,
                )

    def _ended(self, error: BaseException | None) -> None:
        with self._changed:
            self._alive -= 1
            if error is not None:
                self._failure = error
                if not isinstance(error, KitError) or error.code == LIES:
                    self._stopped = True  # nothing that another connection could do better
            self._changed.notify_all()


class _Connection:
    """One source, which goes from piece to piece without being opened anew where it can."""

    def __init__(self, opened: Opening) -> None:
        self._opened = opened
        self._source: Any = None
        self._at = 0

    @property
    def is_open(self) -> bool:
        return self._source is not None

    @property
    def by_ranges(self) -> bool:
        """Whether the server has sent a range; of a source that knows no such thing, that it does."""
        return bool(getattr(self._source, "by_ranges", True))

    @property
    def version(self) -> str:
        return str(getattr(self._source, "version", ""))

    def go_to(self, at: int, end: int) -> None:
        if self._source is not None and not self.by_ranges and at >= self._at:
            while self._at < at and self.read(min(BLOCK_BYTES, at - self._at)):
                pass  # the server sends all of it, also what is there already
            return
        if self._source is not None and hasattr(self._source, "again"):
            self._source.again(at, end)
        else:
            self.close()
            self._source = self._opened(at, end)
        self._at = at

    def read(self, count: int) -> bytes:
        block = cast("Source", self._source).read(count)
        self._at += len(block)
        return block

    def close(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None


def _broke_off(error: KitError) -> bool:
    """Whether the connection itself failed: another attempt may do."""
    import httpx

    return isinstance(error.__cause__, (httpx.NetworkError, httpx.RemoteProtocolError))
