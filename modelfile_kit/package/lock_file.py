"""mkmodelfile.lock: what the names in a package file stand for, as it is kept beside it.

A page of YAML, written in the order of its keys, so that two versions of it can be compared line by line:

    version: 1
    names:
      model:
        name: hf.co/ORG/REPO:Q4_K_M
        title: hf.co/ORG/REPO/FILE.gguf
        revision: 0123456789abcdef0123456789abcdef01234567
        files:
        - path: FILE.gguf
          size: 5027783488
          digest: sha256:…
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import PackageError
from ..core.file_kinds import PACKAGE_ENDINGS, has_ending
from ..core.files import read_file
from ..core.os_errors import os_reason
from ..sources.repository import DIGEST, RepositoryFile, is_sound_path
from .bounded_yaml import MAX_BYTES, Document, load

VERSION = 1
UNREADABLE = "MK490"

_ENTRY = {"name": True, "title": True, "revision": True, "files": True, "projectors": False}
_FILE = {"path": True, "size": False, "digest": False}
_MAX_TEXT = 4096
_HELP = "take the committed file again, or write a new one with `mkmodelfile build --update-lock`"


@dataclass(frozen=True)
class Locked:
    """What a name stood for.

    name: as the package file has it, without a login; title: for people; revision: of its repository.
    files: that were taken; projectors: files of the same repository that are projectors by their names.
    """

    name: str
    title: str
    revision: str
    files: tuple[RepositoryFile, ...]
    projectors: tuple[RepositoryFile, ...] = ()


def lock_path(package_file: Path) -> Path:
    """The lock of a package file, beside it: mkmodelfile.lock, of another.yaml another.lock."""
    if has_ending(package_file, PACKAGE_ENDINGS):
        return package_file.with_suffix(".lock")
    return package_file.with_name(f"{package_file.name}.lock")


def lock_text(names: Mapping[str, Locked], package_file: str) -> str:
    """The lock file's text: the same for the same names, in whatever order they come."""
    if any(ord(c) < 32 for c in package_file):
        package_file = "the package file"
    value = {"version": VERSION, "names": {key: _written(names[key]) for key in sorted(names)}}
    head = (
        f"# What the names in {package_file} stand for, written by mkmodelfile. Commit it.\n"
        "# `mkmodelfile build --update-lock` takes what they stand for now.\n"
    )
    return head + yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10**6)


def read_lock(path: Path) -> dict[str, Locked]:
    """What a lock file has, by key of the package file; nothing where there is none.

    Raises PackageError MK490, with every finding, for one that cannot be read or is no lock file.
    """
    try:
        document = load(read_file(path, MAX_BYTES + 1), str(path))
    except FileNotFoundError:
        return {}
    except OSError as e:
        message, span = f"cannot be read: {os_reason(e)}", Span(str(path))
        raise PackageError(message, span=span, help="correct its permissions", code=UNREADABLE) from e
    reader = _Reader(document)
    names = reader.names()
    found = [Diagnostic(UNREADABLE, Severity.ERROR, d.message, d.span, _HELP) for d in document.diagnostics]
    found = found or reader.found
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise PackageError(
            found[0].message + more,
            span=found[0].span,
            help=found[0].help,
            code=UNREADABLE,
            diagnostics=tuple(found),
        )
    return names


def _written(one: Locked) -> dict[str, object]:
    entry: dict[str, object] = {
        "name": one.name,
        "title": one.title,
        "revision": one.revision,
        "files": [_written_file(file) for file in one.files],
    }
    if one.projectors:
        entry["projectors"] = [_written_file(file) for file in one.projectors]
    return entry


def _written_file(file: RepositoryFile) -> dict[str, object]:
    entry: dict[str, object] = {"path": file.path}
    if file.size is not None:
        entry["size"] = file.size
    if file.digest:
        entry["digest"] = file.digest
    return entry


class _Reader:
    """A document as a lock; `found` is what is wrong with it."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.found: list[Diagnostic] = []

    def names(self) -> dict[str, Locked]:
        value = self._document.value
        if not isinstance(value, Mapping):
            self._wrong((), "not a lock file: expected the keys `version` and `names`")
            return {}
        version = value.get("version")
        if version != VERSION or isinstance(version, bool):
            newer = isinstance(version, int) and version > VERSION
            hint = "it was written by a newer modelfile-kit: upgrade this one" if newer else _HELP
            self._wrong(("version",), f"its version is {version!r}, expected {VERSION}", hint)
            return {}
        for key in value.keys() - {"version", "names"}:
            self._wrong((str(key),), f"unknown key `{key}`")
        names = value.get("names")
        if not isinstance(names, Mapping):
            self._wrong(("names",), "`names` is no mapping of keys to what they stand for")
            return {}
        out = {}
        for key, entry in names.items():
            if (one := self._entry(("names", str(key)), entry)) is not None:
                out[str(key)] = one
        return out

    def _entry(self, at: tuple[str | int, ...], entry: object) -> Locked | None:
        if not self._has(at, entry, _ENTRY):
            return None
        assert isinstance(entry, Mapping)
        name, title, revision = (self._text((*at, key), entry[key]) for key in ("name", "title", "revision"))
        files = self._files((*at, "files"), entry["files"])
        projectors = self._files((*at, "projectors"), entry.get("projectors", []))
        if not files:
            self._wrong((*at, "files"), "`files` is empty")
        return Locked(name, title, revision, files, projectors)

    def _files(self, at: tuple[str | int, ...], entries: object) -> tuple[RepositoryFile, ...]:
        if not isinstance(entries, Sequence) or isinstance(entries, str):
            self._wrong(at, f"`{at[-1]}` is no list of files")
            return ()
        return tuple(file for n, one in enumerate(entries) if (file := self._file((*at, n), one)) is not None)

    def _file(self, at: tuple[str | int, ...], entry: object) -> RepositoryFile | None:
        if not self._has(at, entry, _FILE):
            return None
        assert isinstance(entry, Mapping)
        path, size, digest = self._text((*at, "path"), entry["path"]), entry.get("size"), entry.get("digest")
        if not is_sound_path(path):
            self._wrong((*at, "path"), "`path` is no path within a repository")
        if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
            self._wrong((*at, "size"), "`size` is no number of bytes")
            size = None
        if digest is not None and not (isinstance(digest, str) and DIGEST.fullmatch(digest)):
            self._wrong((*at, "digest"), "`digest` is not sha256: and 64 digits")
            digest = None
        return locked_file(path, size, digest or "")

    def _text(self, at: tuple[str | int, ...], value: Any) -> str:
        if isinstance(value, str) and len(value) <= _MAX_TEXT and not any(ord(c) < 32 for c in value):
            return value
        self._wrong(at, f"`{at[-1]}` is no text of one line")
        return ""

    def _has(self, at: tuple[str | int, ...], entry: object, keys: Mapping[str, bool]) -> bool:
        """Whether an entry is a mapping that has what it must, and nothing else."""
        if not isinstance(entry, Mapping):
            self._wrong(at, f"expected a mapping with {', '.join(keys)}")
            return False
        missing = [key for key, must in keys.items() if must and key not in entry]
        for key in missing:
            self._wrong(at, f"`{key}` is missing")
        for key in entry.keys() - keys.keys():
            self._wrong((*at, str(key)), f"unknown key `{key}`")
        return not missing

    def _wrong(self, at: tuple[str | int, ...], message: str, help: str = _HELP) -> None:
        self.found.append(Diagnostic(UNREADABLE, Severity.ERROR, message, self._document.span(*at), help))


def locked_file(path: str, size: int | None, digest: str) -> RepositoryFile:
    """A file as a lock has it: caches name contents by their digest."""
    return RepositoryFile(path, size, digest, digest.removeprefix("sha256:"))
