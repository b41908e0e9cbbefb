"""Files with the cursor in them, written as `|`."""

from __future__ import annotations

from pathlib import Path

from modelfile_kit.lsp.answers import Choice, OpenFile
from modelfile_kit.lsp.languages import Language


def typed(text: str, path: Path | None = None, target: str = "latest") -> tuple[OpenFile, int]:
    """A file and the index of its cursor."""
    before, bar, after = text.partition("|")
    assert bar
    return OpenFile(before + after, path, target), len(before)


def choices(language: Language, text: str, path: Path | None = None) -> list[Choice]:
    """What can be written at the cursor."""
    return language.choices(*typed(text, path))


def labels(language: Language, text: str, path: Path | None = None) -> list[str]:
    """The labels of what can be written at the cursor."""
    return [choice.label for choice in choices(language, text, path)]


def written(language: Language, text: str, label: str, path: Path | None = None) -> str:
    """The text after the choice of that label was taken."""
    file, _ = typed(text, path)
    [choice] = [c for c in choices(language, text, path) if c.label == label]
    start, end = choice.place
    return file.text[:start] + (choice.text or choice.label) + file.text[end:]


def said(language: Language, text: str, target: str = "latest") -> tuple[str, str]:
    """What stands at the place of the hover, and what is said about it; "" and "" for nothing."""
    file, at = typed(text, target=target)
    found = language.hover(file, at)
    return (file.text[slice(*found.place)], found.text) if found else ("", "")
