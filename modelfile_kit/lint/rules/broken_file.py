"""A file that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...core.diagnostics import Severity
from ...gguf_file.soundness import check_soundness
from ...gguf_file.split import split_of
from ..context import Context
from ..files import Source
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    for source in context.files.sources:
        if source.error and not _other_adapter(source):
            yield Finding(
                f"{source.name}: {source.error.message}",
                source.instruction,
                source.error.help,
                severity=Severity.ERROR,
                code=source.error.code,
            )
        if source.header is None or _with_its_first(source, context):
            continue
        yield from _alone(source, context)
        for found in check_soundness(source.header):
            yield Finding(
                f"{source.name}: {found.message}",
                source.instruction,
                found.help,
                severity=found.severity,
                code=found.code,
            )


def _with_its_first(source: Source, context: Context) -> bool:
    """Whether a file is a later part of a split model whose first part, which is judged, is named too."""
    split = split_of(source.header) if source.header else None
    return bool(split and split.number and split.parts and split.parts[0] in _named(context))


def _alone(source: Source, context: Context) -> Iterator[Finding]:
    """A first part whose siblings are there and not named.

    `ollama create` sends what FROM names and no more ("has 1 shards, expected 2": 0.33.0 and 0.34.4).
    """
    split = split_of(source.header) if source.header else None
    if source.instruction.command != "from" or not split or split.number or split.missing:
        return
    further = [p for p in split.parts if p not in _named(context)]
    if further:
        yield Finding(
            f"{source.name} is one of {split.count} parts, and `ollama create` sends only what FROM names",
            source.instruction,
            f"write a FROM for each part: {further[0].name}" + (" …" if len(further) > 1 else ""),
            severity=Severity.ERROR,
            code="MK422",
        )


def _named(context: Context) -> set[Path]:
    return {s.path for s in context.files.sources if s.instruction.command == "from"}


def _other_adapter(source: Source) -> bool:
    """An adapter in a format of its own, which servers before 0.34 converted."""
    return source.instruction.command == "adapter" and source.path.suffix.lower() not in (".gguf", "")


RULE = Rule("MK434", check, reads_files=True)
