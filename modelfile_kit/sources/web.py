"""A file by its address on any web server (`repository.Repository` of one file)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from ..core.numbers import read_count
from .byte_source import HTTPSource, Source
from .cache import own_cache
from .download import fetch_to_place
from .name import Name
from .repository import RepositoryFile, Told, is_sound_path


class WebFile:
    """The one file of a URL. Its place is a folder in the kit's cache, another one for each state of it."""

    def __init__(self, name: Name) -> None:
        self.name = name
        self._file = RepositoryFile(name.file if is_sound_path(name.file) else "file")

    @property
    def title(self) -> str:
        return self.name.text

    @property
    def revision(self) -> str:
        """The file's ETag, else its date, else its size, as its server says them; asks the server."""
        version, size = self._state
        return version or f"{size}"

    @property
    def version(self) -> str:
        """The file's ETag, else its date, "" where the server says neither."""
        return self._state[0]

    def files(self) -> tuple[RepositoryFile, ...]:
        return (replace(self._file, size=self._state[1]),)

    @cached_property
    def _state(self) -> tuple[str, int | None]:
        source = HTTPSource(self.name.address, name=self.title)
        try:
            source.read(1)
            return source.version, source.size
        finally:
            source.close()

    def settle(self, revision: str, files: Sequence[RepositoryFile]) -> None:
        # A server that says neither ETag nor date has the size as its only state.
        size = read_count(revision)
        self._state = (revision, files[0].size) if size is None else ("", size)
        self._file = files[0]

    def open(
        self, file: RepositoryFile, start: int = 0, *, to_end: bool = False, end: int | None = None
    ) -> Source:
        return HTTPSource(self.name.address, name=self.title, start=start, end=end, to_end=to_end)

    def place(self, file: RepositoryFile) -> Path:
        state = f"{self.name.address} {self.revision}"
        mark = hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return own_cache() / "web" / mark / file.path

    def local(self, file: RepositoryFile) -> Path | None:
        place = self.place(file)
        return place if place.is_file() else None

    def fetch(self, file: RepositoryFile, told: Told | None = None) -> Path:
        return fetch_to_place(self, file, told, title=self.title, version=self.version)
