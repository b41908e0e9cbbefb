"""Locks of open files, which the system gives up when their process ends, however it ends."""

from __future__ import annotations

import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, whose locks keep others from reading the file too
    fcntl = None  # type: ignore[assignment]

LOCKS = fcntl is not None
"""Whether this system has such locks; a file system may have none all the same."""


def lock(descriptor: int, *, wait: bool = False) -> bool | None:
    """Whether the lock was got, False where another has it; None where there are no locks.

    descriptor: of an open file or folder; not every network disk has locks. wait: until nobody else has it.
    """
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file still has this name: who held its lock may have renamed or removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False
