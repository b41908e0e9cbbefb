"""Models split over several files: `name-00001-of-00003.gguf` and its siblings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import GGUFError
from ..sources.places import is_there
from .header import Header, read_header
from .limits import MAX_SPLIT_PARTS

_NAME = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.DOTALL)


@dataclass(frozen=True)
class Split:
    """A file that is one part of a model.

    number: of this part, from 0; count: of all parts; parts: all places in order, there or not (empty
    for a URL or a name that does not follow the pattern).
    """

    source: str
    number: int
    count: int
    parts: tuple[Path, ...]

    @property
    def missing(self) -> tuple[Path, ...]:
        """The parts that were not found."""
        return tuple(p for p in self.parts if not is_there(p))


def is_later_part(path: Path) -> bool:
    """Whether a file is by its name a part of a split model, and not the first."""
    found = _NAME.fullmatch(path.name)
    return found is not None and int(found["number"]) > 1


def split_of(header: Header) -> Split | None:
    """How a file is split, None if it is whole (no `split.count`, or 1)."""
    count = header.metadata.integer("split.count") or 0
    number = header.metadata.integer("split.no") or 0
    if count <= 1:
        return None
    found = _NAME.fullmatch(header.path.name)
    parts: tuple[Path, ...] = ()
    if found and header.place is not None and int(found["count"]) == count <= MAX_SPLIT_PARTS:
        folder = header.path.parent
        parts = tuple(folder / f"{found['stem']}-{n:05d}-of-{count:05d}.gguf" for n in range(1, count + 1))
    return Split(header.source, number, count, parts)


def check_split(header: Header) -> list[Diagnostic]:
    """What is wrong with a split model.

    Parts that are missing, cut short or of another model, names that Ollama refuses, a part that is not
    the first (Ollama 0.33, server/create.go, splitGGUFGroupKey; llama.cpp wants the first one). Reads the
    headers of the other parts, which are small.
    """
    split = split_of(header)
    if split is None:
        return []
    if header.place is None:
        return [
            _finding(split, f"is part {split.number + 1} of {split.count}", Severity.INFO, "get all parts")
        ]
    if not split.parts:
        message = (
            f"the header says part {split.number + 1} of {split.count}, the file name does not: "
            "llama.cpp and Ollama find the other parts by name"
        )
        advice = f"rename the parts to <name>-00001-of-{split.count:05d}.gguf and so on"
        return [_finding(split, message, Severity.ERROR, advice)]
    found = []
    if split.missing:
        names = ", ".join(p.name for p in split.missing[:5]) + (" …" if len(split.missing) > 5 else "")
        message = f"is part {split.number + 1} of {split.count}; {len(split.missing)} are missing: {names}"
        advice = f"download them into {split.parts[0].parent}"
        found.append(_finding(split, message, Severity.ERROR, advice))
    named = header.path
    if 0 <= split.number < split.count and split.parts[split.number].name != named.name:
        message = f"the header says part {split.number + 1}, the file name another; Ollama refuses that"
        found.append(_finding(split, message, Severity.ERROR, "download it again under its own name"))
    elif split.number != 0:
        advice = f"give {split.parts[0].name}"
        found.append(_finding(split, "is not the first part of its model", Severity.ERROR, advice))
    return [*found, *(d for n, part in enumerate(split.parts) for d in _check_part(split, n, part))]


def _check_part(split: Split, number: int, path: Path) -> list[Diagnostic]:
    if path.name == Path(split.source).name or not is_there(path):
        return []
    try:
        other = read_header(path)
    except GGUFError as e:
        return [e.to_diagnostic()]
    says = (other.metadata.integer("split.no"), other.metadata.integer("split.count"))
    if says == (number, split.count):
        return []
    message = (
        f"expected part {number + 1} of {split.count}, the header says part {_part(says[0])} of {says[1]}"
    )
    advice = "download it again: it belongs to another model, or has another part's name"
    return [Diagnostic("MK422", Severity.ERROR, message, Span(str(path)), advice)]


def _part(number: int | None) -> object:
    return None if number is None else number + 1


def _finding(split: Split, message: str, severity: Severity, advice: str) -> Diagnostic:
    return Diagnostic("MK422", severity, message, Span(split.source), advice)
