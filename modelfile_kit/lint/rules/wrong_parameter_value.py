"""A parameter value of the wrong type."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    for instruction, found in context.complaints("MK111"):
        if " #" not in instruction.value:  # a comment behind the value has a rule of its own
            yield Finding(found.message, instruction, found.help)


RULE = Rule("MK111", check)
