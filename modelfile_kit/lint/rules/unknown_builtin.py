"""# What it does

Finds a RENDERER or PARSER that the Ollama that is meant does not have.

# Why is this bad

Creating the model succeeds. With an unknown RENDERER every chat fails; an unknown PARSER does nothing, so
that thoughts and calls are read by the TEMPLATE's tags, or not at all.

# Example

    FROM ./model.gguf
    RENDERER qwen3-codr
    PARSER qwen3-codr

# Use instead

    FROM ./model.gguf
    RENDERER qwen3-coder
    PARSER qwen3-coder
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    for instruction, found in context.complaints("MK129"):
        yield Finding(found.message, instruction, found.help, severity=found.severity)


RULE = Rule(
    "MK129",
    "unknown-builtin",
    Severity.ERROR,
    "A RENDERER or PARSER that the target does not have",
    check,
    __doc__,
)
