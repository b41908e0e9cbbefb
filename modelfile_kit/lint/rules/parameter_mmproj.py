"""# What it does

Finds `PARAMETER mmproj` and its like.

# Why is this bad

Ollama has no parameter for the projector and refuses to create the model. A projector is a second FROM.

# Example

    FROM ./model.gguf
    PARAMETER mmproj ./mmproj-model.gguf

# Use instead

    FROM ./model.gguf
    # PROJECTOR ./mmproj-model.gguf
    FROM ./mmproj-model.gguf
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule, as_projector


def check(context: Context) -> Iterator[Finding]:
    for instruction, found in context.complaints("MK113"):
        fix = as_projector(instruction, context) if instruction.value else None
        yield Finding(found.message, instruction, found.help, fix=fix)


RULE = Rule(
    "MK113",
    "parameter-mmproj",
    Severity.ERROR,
    "A projector given as a PARAMETER",
    check,
    __doc__,
    fixes=True,
)
