"""# What it does

Finds files behind FROM, ADAPTER and PROJECTOR that are no sound GGUF, and parts of a split model whose
siblings are missing.

# Why is this bad

Creating the model fails, or succeeds with a model that cannot be loaded.

# Example

    FROM ./half-downloaded.gguf

# Use instead

A whole file. `mkmodelfile inspect` says what is wrong with this one.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    from ...gguf_file.split import check_split

    for source in context.files.sources:
        if source.error and source.path.suffix.lower() in (".gguf", ""):
            yield Finding(
                f"{source.instruction.value}: {source.error.message}", source.instruction, source.error.help
            )
        for found in check_split(source.header) if source.header else ():
            yield Finding(
                f"{source.instruction.value}: {found.message}",
                source.instruction,
                found.help,
                severity=found.severity,
            )


RULE = Rule(
    "MK434", "broken-file", Severity.ERROR, "A file that cannot be read", check, __doc__, reads_files=True
)
