"""Brings a file onto this machine: beside its place first, checked, then renamed."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from ..core.diagnostics import Span
from ..core.errors import SourceError
from ..core.os_errors import cannot_write
from .byte_source import LIES, Source
from .repository import RepositoryFile, Told

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

BLOCK_BYTES = 1 << 20
BUSY = "MK484"


def download(
    opened: Callable[[int], Source],
    place: Path,
    file: RepositoryFile,
    *,
    title: str,
    told: Told | None = None,
) -> Path:
    """Writes a file to its place.

    opened: the contents from a byte on; place: of the finished file; title: for messages. What a break left
    is kept as `PLACE.incomplete` and gone on with. Raises SourceError where the contents are not those that
    were listed (nothing is left then), OSError with the place where it cannot be written.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f"{place.name}.incomplete")
        with _alone(part, title) as stream:
            _fill(opened, stream, file, title, told)
            stream.flush()
            os.fsync(stream.fileno())
            part.replace(place)
    except OSError as e:
        raise cannot_write(e, place) from e
    return place


def _fill(
    opened: Callable[[int], Source], stream: BinaryIO, file: RepositoryFile, title: str, told: Told | None
) -> None:
    digest = hashlib.sha256()
    stream.seek(0)
    while block := stream.read(BLOCK_BYTES):
        digest.update(block)
    have = stream.tell()
    if file.size is not None and have > file.size:
        have, digest = 0, hashlib.sha256()
        stream.seek(0)
        stream.truncate()
    size = file.size
    if have != size:
        source = opened(have)
        try:
            while block := source.read(BLOCK_BYTES):
                stream.write(block)
                digest.update(block)
                have += len(block)
                size = source.size if size is None else size
                if size is not None and have > size:
                    break
                if told is not None:
                    told(have, size or 0)
        finally:
            source.close()
    wrong = ""
    if size is not None and have != size:
        wrong = f"{have:,} bytes came, expected {size:,}"
        if have < size:  # what came stays, and is gone on with
            raise _contradicts(title, wrong)
    elif file.digest.startswith("sha256:") and digest.hexdigest() != file.digest[7:]:
        wrong = f"the bytes have the SHA-256 {digest.hexdigest()}, the list says {file.digest[7:]}"
    if wrong:
        stream.seek(0)
        stream.truncate()
        raise _contradicts(title, wrong)


def _contradicts(title: str, what: str) -> SourceError:
    return SourceError(what, span=Span(title), help="try again; what was sent is not used", code=LIES)


@contextlib.contextmanager
def _alone(part: Path, title: str) -> Iterator[BinaryIO]:
    """The unfinished file, which no other process writes meanwhile."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    with os.fdopen(descriptor, "r+b") as stream:
        if not _locked(descriptor, part):
            raise SourceError(
                "another process is downloading it",
                span=Span(title),
                help="wait for that one, then try again",
                code=BUSY,
            )
        yield stream


def _locked(descriptor: int, part: Path) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who held the lock may have finished and renamed the file since it was opened here.
        return os.path.samestat(os.fstat(descriptor), part.stat())
    except (BlockingIOError, FileNotFoundError):
        return False
