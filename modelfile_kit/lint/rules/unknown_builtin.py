"""A RENDERER or PARSER that the target Ollama does not have."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    for instruction, found in context.complaints("MK129"):
        yield Finding(found.message, instruction, found.help, severity=found.severity)


RULE = Rule("MK129", check)
