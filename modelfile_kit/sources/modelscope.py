"""ModelScope's hub, by its small API (`repository.Repository`).

Source of the API: github.com/modelscope/modelscope, hub/api.py: `/api/v1/models/ORG/REPO/repo/files` lists,
`/models/ORG/REPO/resolve/REVISION/FILE` sends. MODELSCOPE_DOMAIN names another server, MODELSCOPE_API_TOKEN
is who asks.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from ..core.diagnostics import Span
from ..core.errors import SourceError
from ..core.files import MAX_TEXT_BYTES, parse_json
from ..core.urls import hide_logins, shown_url
from .byte_source import FileSource, HTTPSource, Source
from .cache import own_cache
from .download import fetch_to_place
from .name import Name, modelscope_endpoint
from .repository import (
    GATED,
    MAX_FILES,
    NOT_THERE,
    RATE_LIMITED,
    UNREACHABLE,
    RepositoryFile,
    Told,
    is_sound_path,
)

MASTER = "master"
_HEX = re.compile(r"[0-9a-f]{40,64}")
_ANY = ("utf-8", "surrogatepass")


class ModelScopeRepository:
    """A model's repository on ModelScope."""

    def __init__(self, name: Name) -> None:
        """name: of kind "modelscope"."""
        self.name = name
        self._endpoint = modelscope_endpoint()
        self._asked = name.revision or MASTER
        self._token = os.environ.get("MODELSCOPE_API_TOKEN", "").strip()

    @property
    def title(self) -> str:
        return f"modelscope.cn/{self.name.repository}"

    @property
    def revision(self) -> str:
        return self._state[0]

    def files(self) -> tuple[RepositoryFile, ...]:
        return self._state[1]

    def settle(self, revision: str, files: Sequence[RepositoryFile]) -> None:
        self._state = (revision, tuple(files))

    def open(
        self, file: RepositoryFile, start: int = 0, *, to_end: bool = False, end: int | None = None
    ) -> Source:
        if (here := self.local(file)) is not None:
            return FileSource(here, start)
        repository = f"{self._endpoint}/models/{self.name.repository}"
        return HTTPSource(
            f"{repository}/resolve/{quote(self._asked, safe='')}/{quote(file.path)}",
            name=f"{self.title}/{file.path}",
            start=start,
            end=end,
            to_end=to_end,
            promised=file.size,
            key=self._token,
            refusal=lambda status, headers: self._refusal(status, headers, file.path),
        )

    def place(self, file: RepositoryFile) -> Path:
        # The contents' own digest: a branch moves on, and the list names no commit.
        state = file.etag or self.revision
        # A server's own words, and a branch may hold slashes: no part of a path as they are.
        mark = state[:40] if _HEX.fullmatch(state) else hashlib.sha256(state.encode(*_ANY)).hexdigest()[:40]
        return own_cache() / "modelscope" / self.name.repository.replace("/", "--") / mark / file.path

    def local(self, file: RepositoryFile) -> Path | None:
        place = self.place(file)
        return place if place.is_file() else None

    def fetch(self, file: RepositoryFile, told: Told | None = None) -> Path:
        return fetch_to_place(self, file, told, title=f"{self.title}/{file.path}")

    @cached_property
    def _state(self) -> tuple[str, tuple[RepositoryFile, ...]]:
        query = urlencode({"Revision": self._asked, "Recursive": "true"})
        address = f"{self._endpoint}/api/v1/models/{self.name.repository}/repo/files?{query}"
        source = HTTPSource(address, name=self.title, key=self._token, refusal=self._refusal)
        try:
            parts: list[bytes] = []
            while (part := source.read(1 << 20)) and len(parts) <= MAX_TEXT_BYTES >> 20:
                parts.append(part)
        finally:
            source.close()
        said = parse_json(b"".join(parts), shown_url(self._endpoint), help="check MODELSCOPE_DOMAIN")
        entries = _entries(said)
        if entries is None:
            raise self._other(said)
        files = [file for entry in entries[:MAX_FILES] if (file := _file(entry)) is not None]
        newest = max((str(e.get("Revision", "")) for e in entries), default="", key=len)
        commits = {str(e.get("Revision", "")) for e in entries}
        revision = newest if len(commits) == 1 else self._asked
        return revision, tuple(sorted(files, key=lambda file: file.path))

    def _refusal(self, status: int, headers: Mapping[str, str], path: str = "") -> SourceError | None:
        page = f"https://modelscope.cn/models/{self.name.repository}"
        log_in = "set MODELSCOPE_API_TOKEN to a token that may read it"
        if status == 429:
            return self._error(
                "ModelScope has had too many requests from here", "wait, then try again", RATE_LIMITED
            )
        if status == 403:
            return self._error(
                "may not be read without its owner's consent", f"ask on {page}; {log_in}", GATED
            )
        if status in (401, 404):
            what = (
                f"has no file {path!r}, no revision {self._asked!r}"
                if path
                else "does not exist on ModelScope"
            )
            return self._error(
                f"{what}, or is private", f"check the name; for a private one {log_in}", NOT_THERE
            )
        if status >= 500:
            return self._error(f"ModelScope fails: HTTP {status}", "try again later", UNREACHABLE)
        return None

    def _other(self, said: object) -> SourceError:
        """An answer without a list of files."""
        text = str(said.get("Message", "")) if isinstance(said, dict) else ""
        reason = hide_logins(text[:200]) or "an answer of another form"
        return self._error(
            f"ModelScope lists no files of revision {self._asked!r}: {reason}",
            "check the name and revision",
            NOT_THERE,
        )

    def _error(self, what: str, advice: str, code: str) -> SourceError:
        return SourceError(what, span=Span(self.title), help=advice, code=code)


def _entries(said: object) -> list[Mapping[str, Any]] | None:
    data = said.get("Data") if isinstance(said, dict) and said.get("Success", True) else None
    files = data.get("Files") if isinstance(data, dict) else None
    return [e for e in files if isinstance(e, dict)] if isinstance(files, list) else None


def _file(entry: Mapping[str, Any]) -> RepositoryFile | None:
    path, size = entry.get("Path"), entry.get("Size")
    if entry.get("Type", "blob") != "blob" or not isinstance(path, str) or not is_sound_path(path):
        return None
    digest = str(entry.get("Sha256") or "").lower()
    known = len(digest) == 64 and _HEX.fullmatch(digest) is not None
    size = size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None
    return RepositoryFile(path, size, f"sha256:{digest}" if known else "", digest if known else "")
