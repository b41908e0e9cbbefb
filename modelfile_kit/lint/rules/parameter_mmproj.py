"""A projector given as a PARAMETER."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule, as_projector


def check(context: Context) -> Iterator[Finding]:
    for instruction, found in context.complaints("MK113"):
        fix = as_projector(instruction, context) if instruction.value else None
        yield Finding(found.message, instruction, found.help, fix=fix)


RULE = Rule("MK113", check, fixes=True)
