"""Which working names are in use: their publish holds a lock on a file, which ends with it, however it ends.

A server does not say who made a model, or whether that process still lives. So each process that works under
a name keeps a file of that name in the user's cache folder, and a lock on it. The system gives the lock up
when the process ends, also by kill -9. What another machine or another user made has no file here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from ..core.cache import kit_cache
from ..core.locks import LOCKS, lock
from ..sources.model_name import tag_of
from .names import WORKING_TAG

FORGOTTEN_SECONDS = 30 * 86_400.0  # by then the server that had the model is gone, or age tells all the same


def claims_folder() -> Path:
    """Where the files are."""
    return kit_cache("working")


@contextlib.contextmanager
def claimed(name: str) -> Iterator[Path | None]:
    """Holds a working name; gives its file, None where there can be none.

    The file stays: `forget` takes it away once the model is seen to be gone.
    """
    path = _file(name)
    descriptor = _opened(path, create=True)
    if descriptor is None:
        yield None
        return
    try:
        lock(descriptor)
        yield path
    finally:
        os.close(descriptor)


def in_use(name: str) -> bool | None:
    """Whether the process that works under this name still runs; None where this machine does not know."""
    return _held(_file(name))


def forget(name: str) -> None:
    """The model of this working name is gone; files of long ago go with it."""
    with contextlib.suppress(OSError):
        _file(name).unlink()
    with contextlib.suppress(OSError):
        for file in claims_folder().glob(f"{WORKING_TAG}*"):
            if time.time() - file.stat().st_mtime > FORGOTTEN_SECONDS and _held(file) is False:
                file.unlink()


@contextlib.contextmanager
def one_at_a_time(url: str, name: str) -> Iterator[None]:
    """Waits until no other publish of this user gives the server's model of that name away."""
    key = hashlib.sha256(f"{url} {name}".casefold().encode()).hexdigest()[:24]
    descriptor = _opened(claims_folder() / f"turn-{key}", create=True)
    try:
        if descriptor is not None:
            lock(descriptor, wait=True)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _file(name: str) -> Path:
    return claims_folder() / tag_of(name)


def _held(path: Path) -> bool | None:
    """Whether somebody has the lock of a file; None where there is no such file."""
    descriptor = _opened(path, create=False)
    if descriptor is None:
        return None
    try:
        return not lock(descriptor)  # without locks: as if somebody had it
    finally:
        os.close(descriptor)


def _opened(path: Path, *, create: bool) -> int | None:
    if not LOCKS:  # age alone tells
        return None
    with contextlib.suppress(OSError):
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
    return None
