"""# What it does

Finds PROJECTOR, an instruction of this kit's own dialect.

# Why is this bad

Stock Ollama refuses it: `command must be one of …`. What Ollama understands is a second FROM; a comment
before it says to people, and to this kit, what the file is.

# Example

    FROM ./model.gguf
    PROJECTOR ./mmproj-model.gguf

# Use instead

    FROM ./model.gguf
    # PROJECTOR ./mmproj-model.gguf
    FROM ./mmproj-model.gguf
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...ollama.grammar import PROJECTOR
from ..context import Context
from ..rule import Finding, Rule, as_projector


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.instructions:
        if instruction.name == PROJECTOR:
            yield Finding(
                "stock Ollama refuses PROJECTOR",
                instruction,
                f"write # PROJECTOR {instruction.value} and, on the next line, FROM {instruction.value}",
                fix=as_projector(instruction, context) if instruction.value else None,
            )


RULE = Rule(
    "MK133",
    "projector-instruction",
    Severity.WARNING,
    "An instruction that stock Ollama refuses",
    check,
    __doc__,
    fixes=True,
)
