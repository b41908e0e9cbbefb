"""Which files the language server knows, and what it asks of the language of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Protocol

from ..core.file_kinds import CHAT_TEMPLATE_ENDINGS, GO_TEMPLATE_ENDINGS, PACKAGE_FILES, has_ending
from .answers import Choice, Hover, Link, OpenFile, Place, Problem, Symbol
from .modelfile_language import ModelfileLanguage
from .package_language import PackageLanguage
from .template_language import TemplateLanguage

MAX_CHARACTERS = 1_000_000
"""Larger files are left alone: the largest known Modelfiles carry a licence of some 100 kB."""


class Language(Protocol):
    """A language of the kit. What it is asked may be half typed; it never raises for that."""

    name: str

    def problems(self, file: OpenFile) -> list[Problem]:
        """Findings, in the order of the file."""

    def fixes(self, file: OpenFile, place: Place) -> list[Problem]:
        """The findings on the lines of a place that can be fixed, with their edits."""

    def fixed(self, file: OpenFile) -> str | None:
        """The text with everything fixed, None where there is nothing to fix."""

    def formatted(self, file: OpenFile) -> str | None:
        """The formatted text, None where it cannot be formatted."""

    def hover(self, file: OpenFile, offset: int) -> Hover | None:
        """What is said about a place."""

    def choices(self, file: OpenFile, offset: int) -> list[Choice]:
        """What can be written at the cursor."""

    def symbols(self, file: OpenFile) -> list[Symbol]:
        """The outline."""

    def links(self, file: OpenFile) -> list[Link]:
        """The files that are named."""

    def definition(self, file: OpenFile, offset: int) -> Place | None:
        """What the name at a place means, where that stands in the same file."""


MODELFILE, PACKAGE, TEMPLATE = ModelfileLanguage(), PackageLanguage(), TemplateLanguage()
_BY_ID: Mapping[str, Language] = {
    "modelfile": MODELFILE,
    "ollama-modelfile": MODELFILE,
    "gotmpl": TEMPLATE,
    "go-template": TEMPLATE,
    "gotexttmpl": TEMPLATE,
}


def language_of(name: str, language_id: str = "") -> Language | None:
    """The language of a file, by its name, else by what the editor calls its language; None for others'.

    name: the last part of its path.
    """
    path = PurePath(name.lower())
    if path.name in PACKAGE_FILES:
        return PACKAGE
    if has_ending(path, GO_TEMPLATE_ENDINGS) and language_id.lower() != "modelfile":
        return TEMPLATE
    if has_ending(path, CHAT_TEMPLATE_ENDINGS):
        return None
    if path.name == "modelfile" or path.name.startswith("modelfile.") or path.suffix == ".modelfile":
        return MODELFILE
    return _BY_ID.get(language_id.lower())
