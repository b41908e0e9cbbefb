"""A file that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...gguf_file.soundness import check_soundness
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    for source in context.files.sources:
        if source.error and source.path.suffix.lower() in (".gguf", ""):
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


RULE = Rule("MK434", check, reads_files=True)
