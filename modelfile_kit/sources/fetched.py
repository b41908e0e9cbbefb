"""Brings the files of names onto this machine, for what has to have them whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from .places import remote
from .repository import Told
from .resolve import resolve

Fetching = Callable[[str, int, int], object]
"""Told about a download: title of the file, bytes that are there, bytes in all (0 while not known)."""


def bring(paths: Iterable[Path], told: Fetching | None = None) -> None:
    """Fetches those of these places that are known from a name and not here yet. Raises as `fetch` does."""
    for path in paths:
        found = remote(path)
        if found is not None:
            found.repository.fetch(found.file, _of(found.title, told))


def fetched(text: str | os.PathLike[str], told: Fetching | None = None) -> Path:
    """The path of what a name means, fetched where it is not here; a path is itself. Raises as `resolve`."""
    found = resolve(text)
    return found.fetch(_of(found.title, told))


def _of(title: str, told: Fetching | None) -> Told | None:
    if told is None:
        return None
    tell = told
    return lambda done, total: tell(title, done, total)
