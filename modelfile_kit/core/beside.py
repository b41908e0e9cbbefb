"""What is written beside its place before it gets its name, and what killed processes left of that.

A process that is ended by kill -9, or with its machine, removes nothing. So each holds a lock on what it
writes; the system gives the lock up when the process ends. What is there without one was left, and the next
that writes to the same place removes it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from .locks import LOCKS, is_at, lock
from .os_errors import cannot_write

ENDING = ".part"
_RANDOM = "[a-z0-9_]+"  # what tempfile puts into a name

_REMOVED: list[tuple[Path, int]] = []


@contextlib.contextmanager
def folder_beside(place: Path) -> Iterator[Path]:
    """A new folder in that of `place`, which is removed at the end unless it was given another name.

    Raises OSError with `place` as its file name where it cannot be made.
    """
    start, folder = _prefix(place), place.parent
    part, descriptor = _held(
        place, lambda: Path(tempfile.mkdtemp(prefix=start, suffix=ENDING, dir=folder)), os.O_RDONLY
    )
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


@contextlib.contextmanager
def file_beside(place: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file in the folder of `place`, open for writing; removed unless it was given another name.

    Raises OSError with `place` as its file name where it cannot be made.
    """
    start, folder = _prefix(place), place.parent

    def make() -> Path:
        descriptor, name = tempfile.mkstemp(prefix=start, suffix=ENDING, dir=folder)
        os.close(descriptor)
        return Path(name)

    part, descriptor = _held(place, make, os.O_RDWR)
    try:
        with part.open("r+b") as out:
            yield part, out
    finally:
        part.unlink(missing_ok=True)
        if descriptor is not None:
            os.close(descriptor)


def take_removed() -> list[tuple[Path, int]]:
    """What was removed since this was asked last, and how many bytes of the disk that gave back."""
    removed = _REMOVED.copy()
    _REMOVED.clear()
    return removed


def _prefix(place: Path) -> str:
    return f".{place.name}."


def _held(place: Path, make: Callable[[], Path], flags: int) -> tuple[Path, int | None]:
    """What `make` makes, and the descriptor that has its lock; what was left at this place is gone before."""
    _remove_left(place)
    try:
        while True:
            part = make()
            if not LOCKS:  # nothing tells what was left from what is being written
                return part, None
            try:
                descriptor = os.open(part, flags)
            except FileNotFoundError:
                continue  # who looked for what was left saw it before it had its lock
            lock(descriptor, wait=True)
            if is_at(descriptor, part):
                return part, descriptor
            os.close(descriptor)
    except OSError as error:
        raise cannot_write(error, place) from error


def _remove_left(place: Path) -> None:
    if not LOCKS:
        return
    name = re.compile(re.escape(_prefix(place)) + _RANDOM + re.escape(ENDING))
    try:
        with os.scandir(place.parent) as listed:
            left = [Path(e.path) for e in listed if name.fullmatch(e.name) and not e.is_symlink()]
    except OSError:
        return  # who writes there says why that cannot be
    for part in left:
        with contextlib.suppress(OSError):
            _remove_unless_held(part)


def _remove_unless_held(part: Path) -> None:
    descriptor = os.open(part, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        if not lock(descriptor) or not is_at(descriptor, part):
            return  # it is being written, or nothing tells
        size = _disk_bytes(part)
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink()
        if not part.exists():
            _REMOVED.append((part, size))
    finally:
        os.close(descriptor)


def _disk_bytes(part: Path) -> int:
    """What the removal of a file or folder gives back: nothing for a file that has another name too."""
    files = part.rglob("*") if part.is_dir() else (part,)
    found = (file.lstat() for file in files if not file.is_dir())
    return sum(info.st_blocks * 512 for info in found if info.st_nlink == 1)
