"""A character that Ollama drops."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from ...ollama.printable import first_refused
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.instructions:
        written = context.text[slice(*instruction.span)]
        # Line ends and tabs are kept, so only what lies between them is looked at.
        for offset, line in enumerate(written.splitlines()):
            found = first_refused(line.replace("\t", " "))
            if found is None:
                continue
            at, rune = found
            name = unicodedata.name(rune, "a control or private-use character").lower()
            yield Finding(
                f"U+{ord(rune):04X} ({name}) in {instruction.name.upper()} is dropped by Ollama",
                instruction,
                line=instruction.line + offset,
                column=at + 1,
            )


RULE = Rule(
    "MK118", check, help="in a TEMPLATE write it as a Go string; elsewhere replace it or use the create API"
)
