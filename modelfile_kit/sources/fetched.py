"""Brings the files of names onto this machine, for what has to have them whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ..core.clone import clone_file
from ..core.os_errors import cannot_write
from .download import download
from .places import remote
from .repository import Repository, RepositoryFile, Told

Fetching = Callable[[str, int, int], object]
"""Told about a download: title of the file, bytes that are there, bytes in all (0 while not known)."""


def bring(paths: Iterable[Path], told: Fetching | None = None) -> None:
    """Fetches those of these places that are known from a name and not here yet. Raises as `fetch` does."""
    for path in paths:
        found = remote(path)
        if found is not None:
            found.repository.fetch(found.file, _of(found.title, told))


def fetch_to(repository: Repository, file: RepositoryFile, place: Path, told: Told | None = None) -> Path:
    """Brings a file to any place: a clone or a copy of what is here already, else it is fetched there.

    Raises as `fetch` does.
    """
    if place == repository.place(file):
        return repository.fetch(file, told)
    if (here := repository.local(file)) is None:
        return download(
            lambda at, end=None: repository.open(file, at, to_end=True, end=end),
            place,
            file,
            title=f"{repository.title}/{file.path}",
            told=told,
            version=version_of(repository),
            loose=True,
        )
    beside = place.with_name(f"{place.name}.incomplete")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        clone_file(here, beside)
        beside.replace(place)
    except OSError as e:
        raise cannot_write(e, place) from e
    return place


def version_of(repository: Repository) -> str:
    """What the server calls the state of its one file, "" where the files' own list says more."""
    return str(getattr(repository, "version", ""))


def _of(title: str, told: Fetching | None) -> Told | None:
    if told is None:
        return None
    tell = told
    return lambda done, total: tell(title, done, total)
