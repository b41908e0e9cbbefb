"""What every source of files can do: list them, read them by ranges, and bring them onto this machine.

A file of a repository has a *place*: the path at which it lies on this machine, or will lie once it is
fetched. The place is known before, so that a Modelfile can name it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..core.diagnostics import Span
from ..core.errors import SourceError
from ..core.files import MAX_TEXT_BYTES
from .byte_source import Source
from .name import Name

NOT_THERE = "MK481"
GATED = "MK482"
RATE_LIMITED = "MK483"
UNREACHABLE = "MK484"

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
"""A revision of a hub that never changes."""
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
"""Of a file, and of a manifest, which is the revision of a model of Ollama."""

MAX_FILES = 100_000
"""How many files of one repository are listed."""

Told = Callable[[int, int], object]
"""Told about a download: bytes that are there, bytes in all (0 while that is not known)."""


@dataclass(frozen=True)
class RepositoryFile:
    """A file of a repository.

    path: within it, with `/`; size: in bytes, None while it is not known; digest: `sha256:…` of the contents,
    "" where the source does not say; etag: the hub's own name of the contents, "" likewise.
    """

    path: str
    size: int | None = None
    digest: str = ""
    etag: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


MAX_PARTS = 64
"""Folders and file of a path in a repository; real ones have ten."""


def is_sound_path(path: str) -> bool:
    """Whether a path that a server lists stays within its repository's folder on every system."""
    parts = path.split("/")
    odd = any(ord(c) < 32 or c in "\\:\x7f" or "\ud800" <= c <= "\udfff" for c in path)
    if odd or len(parts) > MAX_PARTS:
        return False
    return all(part not in ("", ".", "..") and len(part.encode()) <= 255 for part in parts)


class Repository(Protocol):
    """A place with files: of a hub, of Ollama, of a web server.

    Everything raises SourceError: MK481 what is missing or private, MK482 gated, MK483 too many requests,
    MK484 no connection, MK488 answers that contradict each other.
    """

    name: Name

    @property
    def title(self) -> str:
        """For people, as they would write it: `hf.co/ORG/REPO`."""

    @property
    def revision(self) -> str:
        """The one state of the repository that is read: a commit, or a digest; "" where it has none."""

    def files(self) -> tuple[RepositoryFile, ...]:
        """All of them, in the order of their paths; asked once."""

    def settle(self, revision: str, files: Sequence[RepositoryFile]) -> None:
        """From now on these are its files, in this state of it; its source is not asked which there are."""

    def open(
        self, file: RepositoryFile, start: int = 0, *, to_end: bool = False, end: int | None = None
    ) -> Source:
        """The contents from byte `start` on: from this machine where they are here, else by ranges.

        to_end: all of them will be read, or all before byte `end`, so they come in one answer.
        """

    def place(self, file: RepositoryFile) -> Path:
        """Where the file lies on this machine, or will lie once it is fetched."""

    def local(self, file: RepositoryFile) -> Path | None:
        """Its place where the whole file is here, else None."""

    def fetch(self, file: RepositoryFile, told: Told | None = None) -> Path:
        """Brings the whole file here, going on with what a break left, and checks its digest."""


def read_text(repository: Repository, path: str, limit: int = MAX_TEXT_BYTES) -> bytes | None:
    """All bytes of a small file, None where the repository has none of that path.

    Raises SourceError for one of more than `limit` bytes, and as the repository does.
    """
    file = next((f for f in repository.files() if f.path == path), None)
    if file is None:
        return None
    return read_all(repository, file, limit)


def read_all(repository: Repository, file: RepositoryFile, limit: int = MAX_TEXT_BYTES) -> bytes:
    """All bytes of a small file. Raises as `read_text` does."""
    parts: list[bytes] = []
    have = 0
    source = repository.open(file)
    try:
        while have <= limit and (part := source.read(1 << 20)):
            parts.append(part)
            have += len(part)
    finally:
        source.close()
    if have > limit:
        raise SourceError(
            f"is larger than {limit >> 20} MiB, expected a small text file",
            span=Span(f"{repository.title}/{file.path}"),
            help="name another file",
            code=NOT_THERE,
        )
    return b"".join(parts)
