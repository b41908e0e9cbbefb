"""Files that are not on this machine yet, by the path at which they will lie.

Everything that takes the path of a GGUF reads such a file by ranges: a name is resolved to its place once,
and its place is then a path like any other. What was read of a file's beginning is kept, so that a header
that several steps ask for is fetched once.
"""

from __future__ import annotations

import contextlib
import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .byte_source import Source
    from .repository import Repository, RepositoryFile

ASKED_BYTES = 1 << 20
"""Of one range: more would be read beyond a header's end than a request less is worth."""

KEPT = 16
"""Of so many files the beginnings are kept in memory; a header has at most some 40 MB."""


@dataclass
class Remote:
    """A file that is read by ranges: which one it is, and what was read of it."""

    repository: Repository
    file: RepositoryFile
    beginning: bytearray
    ended: bool = False
    taken: int = 0

    @property
    def title(self) -> str:
        """For people: the repository and the path in it."""
        return f"{self.repository.title}/{self.file.path}"


_REMOTE: OrderedDict[str, Remote] = OrderedDict()
_REMARKS: dict[str, str] = {}


@dataclass(frozen=True)
class Remark:
    """What a user wants to know of a name.

    why: its file was taken, "" where the name says it; read: bytes that came by ranges; size: of the whole
    file, None while it is not known.
    """

    title: str
    why: str
    read: int = 0
    size: int | None = None


def remember(repository: Repository, files: Iterable[RepositoryFile]) -> None:
    """From now on the places of these files are read by ranges while the files are not here."""
    for file in files:
        key = _key(repository.place(file))
        known = _REMOTE.get(key)
        if known is not None and known.file == file:
            known.repository = repository  # who asks may have logged in since
        else:
            _REMOTE[key] = Remote(repository, file, bytearray())


def remote(path: str | os.PathLike[str]) -> Remote | None:
    """The file that will lie at this path; None for one that is here, or that nobody named."""
    found = _REMOTE.get(_key(path))
    return None if found is None or Path(path).exists() else found


def is_there(path: Path) -> bool:
    """Whether a path is a file that can be read: here, or by ranges."""
    return path.is_file() or remote(path) is not None


def remote_in(folder: Path) -> list[Path]:
    """The places in a folder of files that are not here, by name."""
    start = Path(_key(folder))
    return sorted(p for p in map(Path, _REMOTE) if p.parent == start and not p.exists())


def known(path: str | os.PathLike[str]) -> Remote | None:
    """The file of a repository whose place this path is, here or not; None for any other path."""
    return _REMOTE.get(_key(path))


def remark(title: str, why: str) -> None:
    """Keeps why a file was taken, for `take_remarks`."""
    _REMARKS[title] = why


def take_remarks() -> list[Remark]:
    """What there is to say of the names since this was asked last."""
    read = {found.title: found for found in _REMOTE.values() if found.taken}
    remarks = [
        Remark(title, _REMARKS.get(title, ""), read[title].taken, read[title].file.size)
        if title in read
        else Remark(title, _REMARKS[title])
        for title in dict.fromkeys((*_REMARKS, *read))
    ]
    _REMARKS.clear()
    for found in read.values():
        found.taken = 0
    return remarks


@contextlib.contextmanager
def forgetting() -> Iterator[None]:
    """What is named inside is forgotten afterwards: whoever looks at a million models keeps none of them."""
    files, remarks = _REMOTE.copy(), _REMARKS.copy()
    _REMOTE.clear()
    _REMARKS.clear()
    try:
        yield
    finally:
        _REMOTE.clear()
        _REMOTE.update(files)
        _REMARKS.clear()
        _REMARKS.update(remarks)


def open_remote(found: Remote, name: str) -> Source:
    """Reads such a file from its beginning; name: for messages."""
    key = next(k for k, v in _REMOTE.items() if v is found)
    _REMOTE.move_to_end(key)
    for old in list(_REMOTE.values())[:-KEPT]:
        old.beginning.clear()
    return _Reader(found, name)


class _Reader:
    """From what is kept first, then by ranges."""

    def __init__(self, found: Remote, name: str) -> None:
        self.name = name
        self.place: Path | None = found.repository.place(found.file)
        self.size = found.file.size
        self._found = found
        self._at = 0
        self._rest: Source | None = None

    def read(self, count: int) -> bytes:
        kept = self._found.beginning
        if self._at < len(kept):
            part = bytes(kept[self._at : self._at + count])
        elif self._found.ended and self._at == len(kept):
            return b""
        else:
            part = self._fetch(count)
        self._at += len(part)
        return part

    def _fetch(self, count: int) -> bytes:
        found = self._found
        if self._rest is None:
            self._rest = found.repository.open(found.file, self._at)
        part = self._rest.read(min(count, ASKED_BYTES))
        self.size = self._rest.size if self.size is None else self.size
        found.taken += len(part)
        if self._at == len(found.beginning):
            found.beginning += part
            found.ended = not part
        return part

    def close(self) -> None:
        if self._rest is not None:
            self._rest.close()


def _key(path: str | os.PathLike[str]) -> str:
    return os.path.abspath(path)  # noqa: PTH100 -- links stay what they are
