"""A file that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...gguf_file.soundness import check_soundness
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
        for found in check_soundness(source.header) if source.header else ():
            yield Finding(
                f"{source.name}: {found.message}",
                source.instruction,
                found.help,
                severity=found.severity,
                code=found.code,
            )


def _other_adapter(source: Source) -> bool:
    """An adapter in a format of its own, which servers before 0.34 converted."""
    return source.instruction.command == "adapter" and source.path.suffix.lower() not in (".gguf", "")


RULE = Rule("MK434", check, reads_files=True)
