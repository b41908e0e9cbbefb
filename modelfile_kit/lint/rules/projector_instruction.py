"""PROJECTOR, which stock Ollama refuses."""

from __future__ import annotations

from collections.abc import Iterator

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


RULE = Rule("MK133", check, fixes=True)
