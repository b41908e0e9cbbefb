"""A file of findings that are known and left alone, so that only new ones fail.

Findings are counted by file, code and text, not by line, so that an edit above one does not make it new.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from ..core.diagnostics import Diagnostic, Span
from ..core.errors import UsageError
from ..core.files import parse_json, read_file, write_atomically

VERSION = 1
CODE = "MK908"
MAX_BYTES = 64 << 20

_Key = tuple[str, str, str]  # file, code, text
# Texts that name another line of the file: `the one in line 7 replaces it`.
_LINES = re.compile(r"\b(lines?) \d+(?: to \d+)?")


class Baseline:
    """The counts of a baseline file.

    file: where it is (or will be); paths in it are relative to its folder, so that it can be committed.
    """

    def __init__(self, file: Path, counts: Counter[_Key] | None = None) -> None:
        self.file = file
        self.counts = counts if counts is not None else Counter()

    @classmethod
    def read(cls, file: Path) -> Baseline:
        """A baseline from its file. Raises UsageError for one that is not there or cannot be used."""
        try:
            data = read_file(file, MAX_BYTES + 1)
        except FileNotFoundError as error:
            raise UsageError(
                "no such baseline",
                span=Span(str(file)),
                help="`--update-baseline` writes it from the current findings",
                code=CODE,
            ) from error
        if len(data) > MAX_BYTES:
            raise _fault(file, f"more than {MAX_BYTES} bytes")
        found = parse_json(data, str(file), help=_HELP)
        if not isinstance(found, dict) or not isinstance(found.get("findings"), dict):
            raise _fault(file, "not a baseline of mkmodelfile")
        if found.get("version") != VERSION:
            raise _fault(file, f"version {found.get('version')!r}, expected {VERSION}")
        counts: Counter[_Key] = Counter()
        for path, listed in found["findings"].items():
            if not isinstance(listed, list) or not all(map(_is_entry, listed)):
                raise _fault(file, f"{path!r} is not a list of findings with code, text and count")
            for one in listed:
                counts[path, one["code"], one["text"]] += one["count"]
        return cls(file, counts)

    def new_of(self, found: Iterable[Diagnostic]) -> list[Diagnostic]:
        """The findings beyond those that it counts; of several that are alike, the last ones are new."""
        left = Counter(self.counts)
        new = []
        for diagnostic in found:
            key = self._key(diagnostic)
            if left[key] > 0:
                left[key] -= 1
            else:
                new.append(diagnostic)
        return new

    def gone(self, found: Iterable[Diagnostic], files: Collection[str]) -> int:
        """How many findings that it counts in these files are no longer there."""
        now = Counter(map(self._key, found))
        looked = {self._path(file) for file in files}
        return sum(max(0, n - now[key]) for key, n in self.counts.items() if key[0] in looked)

    def updated(self, found: Iterable[Diagnostic], files: Collection[str]) -> Baseline:
        """One with the current findings in these files; what other files have stays, if they still exist."""
        looked = {self._path(file) for file in files}
        kept = {
            key: n
            for key, n in self.counts.items()
            if key[0] not in looked and (self.file.parent / key[0]).exists()
        }
        return Baseline(self.file, Counter(kept) + Counter(map(self._key, found)))

    def write(self) -> None:
        """Writes the file, in an order that does not change from run to run."""
        findings: dict[str, list[dict[str, Any]]] = {}
        for (path, code, text), count in sorted(self.counts.items()):
            findings.setdefault(path, []).append({"code": code, "text": text, "count": count})
        text = json.dumps({"version": VERSION, "findings": findings}, indent=2, ensure_ascii=True)
        write_atomically(self.file, f"{text}\n".encode())

    def _key(self, diagnostic: Diagnostic) -> _Key:
        file = diagnostic.span.file if diagnostic.span else None
        return self._path(file) if file else "", diagnostic.code, _LINES.sub(r"\1 …", diagnostic.message)

    def _path(self, file: str) -> str:
        try:
            return Path(os.path.relpath(file, self.file.parent)).as_posix()
        except ValueError:  # another drive
            return Path(file).as_posix()


_HELP = "name a file that `--update-baseline` wrote, or write it anew"


def _fault(file: Path, said: str) -> UsageError:
    return UsageError(said, span=Span(str(file)), help=_HELP, code=CODE)


def _is_entry(one: Any) -> bool:
    return (
        isinstance(one, dict)
        and isinstance(one.get("code"), str)
        and isinstance(one.get("text"), str)
        and type(one.get("count")) is int
        and 0 < one["count"] < 1 << 31
    )
