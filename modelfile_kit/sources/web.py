"""A file by its address on any web server (`repository.Repository` of one file)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from .byte_source import HTTPSource, Source
from .cache import own_cache
from .download import download
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

    @cached_property
    def revision(self) -> str:
        """The file's ETag, else its date and size, as its server says them; asks the server."""
        source = HTTPSource(self.name.address, name=self.title)
        try:
            source.read(1)
            return source.version or f"{source.size}"
        finally:
            source.close()

    def files(self) -> tuple[RepositoryFile, ...]:
        return (self._file,)

    def settle(self, revision: str, files: Sequence[RepositoryFile]) -> None:
        self.revision = revision
        self._file = files[0]

    def open(self, file: RepositoryFile, start: int = 0, *, to_end: bool = False) -> Source:
        return HTTPSource(self.name.address, name=self.title, start=start, to_end=to_end)

    def place(self, file: RepositoryFile) -> Path:
        state = f"{self.name.address} {self.revision}"
        mark = hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return own_cache() / "web" / mark / file.path

    def local(self, file: RepositoryFile) -> Path | None:
        place = self.place(file)
        return place if place.is_file() else None

    def fetch(self, file: RepositoryFile, told: Told | None = None) -> Path:
        if (here := self.local(file)) is not None:
            return here
        place = self.place(file)
        return download(lambda at: self.open(file, at, to_end=True), place, file, title=self.title, told=told)
