"""Files beside a file, for completion and links: listed within bounds, nothing opened, nothing fetched."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from ..core.file_kinds import CHAT_TEMPLATE_ENDINGS, GO_TEMPLATE_ENDINGS
from .answers import Choice, Link, OpenFile, Place

MAX_ENTRIES = 5_000  # of a folder that are looked at
MAX_CHOICES = 300

GGUF = (".gguf",)
TEMPLATES = (*CHAT_TEMPLATE_ENDINGS, ".json")
GO_TEMPLATES = GO_TEMPLATE_ENDINGS
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "tekken.json", ".tiktoken")


def file_choices(
    file: OpenFile, typed: str, place: Place, endings: tuple[str, ...] = (), *, dot: bool = False
) -> list[Choice]:
    """Files and folders that a path which is being typed can go on with.

    typed: the path up to the cursor; place: of the whole path; endings: of the files that fit, in any case,
    all by default; dot: whether a path has to begin with `./` to be one.
    """
    if file.folder is None or "\n" in typed:
        return []
    before, slash, name = typed.rpartition("/")
    folder = _inside(file.folder, f"{before}{slash}")
    if folder is None:
        return []
    start = f"{before}{slash}" or ("./" if dot else "")
    found = []
    for entry in _entries(folder):
        if entry.name.startswith(".") and not name.startswith("."):
            continue
        if not entry.name.isprintable() or any("\udc80" <= c <= "\udcff" for c in entry.name):
            continue
        if _is_folder(entry):
            found.append(Choice(f"{start}{entry.name}/", "folder", place))
        elif not endings or entry.name.lower().endswith(endings):
            found.append(Choice(f"{start}{entry.name}", "file", place))
    return sorted(found, key=lambda choice: (choice.kind, choice.label))[:MAX_CHOICES]


def file_link(
    file: OpenFile, value: str, place: Place, inside: Callable[[Path], Path | None] | None = None
) -> Link | None:
    """A link from a path to its file, None where there is none; inside: what a folder stands for."""
    if file.folder is None or not value or "\n" in value or "://" in value or len(value) > 4096:
        return None
    path = _inside(file.folder, value)
    try:
        if path is None or not path.exists():
            return None
        if path.is_dir():
            path = inside(path) if inside else None
        return Link(place, path) if path is not None and path.is_file() else None
    except (OSError, ValueError):
        return None


def first_file(folder: Path) -> Path | None:
    """What to open for a folder: its conversations, else its first file."""
    names = sorted(entry.name for entry in _entries(folder) if not _is_folder(entry))
    known = [name for name in names if name == "conversations.json"] or names
    return folder / known[0] if known else None


def _inside(folder: Path, value: str) -> Path | None:
    try:
        return folder / Path(value).expanduser()
    except (RuntimeError, ValueError):
        return None


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(islice(entries, MAX_ENTRIES))
    except (OSError, ValueError):
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
