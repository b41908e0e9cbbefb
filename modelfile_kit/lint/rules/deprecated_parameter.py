"""A parameter that Ollama ignores."""

from __future__ import annotations

from collections.abc import Iterator

from ...ollama.parameters import deprecated_in
from ..context import Context
from ..rule import Finding, Fix, Rule, removed


def check(context: Context) -> Iterator[Finding]:
    for instruction, found in context.complaints("MK112"):
        # Where an older Ollama is meant too, the line may still do something there.
        ignored = instruction.key in deprecated_in(context.target)
        fix = Fix((removed(instruction, context.text),)) if ignored else None
        yield Finding(found.message, instruction, found.help, fix=fix)


RULE = Rule("MK112", check, fixes=True)
