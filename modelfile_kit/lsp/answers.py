"""What the languages answer: plain values, with places as indices into the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..core.diagnostics import Severity
from ..ollama.versions import Target

Place = tuple[int, int]
"""The first index, and the one after the last."""
ChoiceKind = Literal["keyword", "property", "value", "file", "folder", "field", "function", "variable"]
SymbolKind = Literal["instruction", "key", "template", "block"]


@dataclass(frozen=True)
class OpenFile:
    """A file as the editor has it.

    path: None for one that was never saved. target: the Ollama that it is for, as lint's `--target` takes it;
    "" where the editor does not say.
    """

    text: str
    path: Path | None = None
    target: str = ""

    @property
    def folder(self) -> Path | None:
        """What its relative paths start from."""
        return self.path.parent if self.path else None

    @property
    def meant(self) -> Target:
        """The target, the latest where none is said."""
        return Target.parse(self.target or "latest")


@dataclass(frozen=True)
class Edit:
    """Another text in a place."""

    place: Place
    text: str


@dataclass(frozen=True)
class Problem:
    """A finding. message: with what to do; uri: of the page about the code; fix: edits that correct it."""

    place: Place
    severity: Severity
    code: str
    message: str
    uri: str = ""
    fix: tuple[Edit, ...] = ()


@dataclass(frozen=True)
class Hover:
    """What is said about a place, in Markdown."""

    place: Place
    text: str


@dataclass(frozen=True)
class Choice:
    """Something that can be written at the cursor.

    detail: a few words beside it; about: Markdown; place: what it takes the place of; text: what is written,
    the label by default.
    """

    label: str
    kind: ChoiceKind
    place: Place
    detail: str = ""
    about: str = ""
    text: str = ""


@dataclass(frozen=True)
class Symbol:
    """A part of a file for its outline. name_place: within place."""

    name: str
    kind: SymbolKind
    place: Place
    name_place: Place
    detail: str = ""
    inside: tuple[Symbol, ...] = field(default=())


@dataclass(frozen=True)
class Link:
    """A name of a file, and the file."""

    place: Place
    target: Path
