"""What an audit says of a chat template: compiled and proven once, however many models carry it.

What it comes to depends on the template's text, the texts of the tokens that it may name, and the kit alone.
Those are the key under which it is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..compiler import compile_template
from ..core.cache import kit_cache
from ..core.diagnostics import Diagnostic
from ..core.errors import KitError
from ..core.files import MAX_TEXT_BYTES, read_file, write_atomically
from ..core.version import __version__
from ..safety.examine import examine


@dataclass(frozen=True)
class Template:
    """A chat template and the tokens that it may name; None where the vocabulary has none."""

    text: str
    bos_token: str | None
    eos_token: str | None

    @property
    def key(self) -> str:
        """Of what it comes to: text, tokens and version of the kit."""
        parts = json.dumps([self.text, self.bos_token, self.eos_token, __version__])
        return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def sha256(self) -> str:
        """Of the text alone."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Judged:
    """What a chat template came to.

    coverage, replies: as `Compiled` has them; parser: "" for none; found: (code, severity) of every finding;
    safety: likewise, of what it does with contents.
    """

    coverage: Mapping[str, str] = field(default_factory=dict)
    replies: Mapping[str, str] = field(default_factory=dict)
    parser: str = ""
    found: tuple[tuple[str, str], ...] = ()
    safety: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Judged:
        """Out of JSON. Raises KeyError, TypeError or ValueError for what is none."""
        found, safety = (tuple((str(a), str(b)) for a, b in values[key]) for key in ("found", "safety"))
        coverage, replies = (dict(values[key]) for key in ("coverage", "replies"))
        return cls(coverage, replies, str(values["parser"]), found, safety)


def judge(template: Template) -> Judged:
    """Compiles a chat template and proves its prompts and replies. It never raises for a bad one."""
    bos, eos = template.bos_token, template.eos_token
    safety = codes_of(f.diagnostic() for f in examine(template.text, bos_token=bos, eos_token=eos))
    try:
        compiled = compile_template(template.text, bos_token=bos, eos_token=eos)
    except KitError as e:
        return Judged(found=codes_of([e.to_diagnostic()]), safety=safety)
    found = codes_of(compiled.diagnostics)
    return Judged(compiled.coverage, compiled.replies, compiled.parser or "", found, safety)


def codes_of(diagnostics: Iterable[Diagnostic]) -> tuple[tuple[str, str], ...]:
    """Code and severity of findings, each pair once, in order."""
    return tuple(sorted({(d.code, d.severity.value) for d in diagnostics}))


class Judgements:
    """Those of earlier audits, by key, in files of the user's cache folder.

    folder: another place; None where nothing is to be kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, Judged] = {}

    def get(self, key: str) -> Judged | None:
        """What is kept under a key; a file that cannot be read counts as none."""
        if (known := self._known.get(key)) is not None or self._folder is None:
            return known
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            kept = json.loads(read_file(self._file(self._folder, key), MAX_TEXT_BYTES))
            self._known[key] = Judged.from_dict(kept)
        return self._known.get(key)

    def put(self, key: str, judged: Judged) -> None:
        """Keeps it; a cache that cannot be written is no error."""
        self._known[key] = judged
        if self._folder is None:
            return
        with contextlib.suppress(OSError):
            file = self._file(self._folder, key)
            file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(file, json.dumps(asdict(judged)).encode())

    @staticmethod
    def _file(folder: Path, key: str) -> Path:
        return folder / key[:2] / f"{key}.json"


def cache_folder() -> Path:
    """Where judgements are kept by default."""
    return kit_cache("templates")
