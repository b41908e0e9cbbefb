"""A PARAMETER that is really another instruction."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.errors import ModelfileError
from ...ollama.grammar import Instruction, write_instruction
from ..context import Context
from ..rule import Finding, Fix, Rule, rewritten


def check(context: Context) -> Iterator[Finding]:
    for instruction, found in context.complaints("MK115"):
        yield Finding(found.message, instruction, found.help, fix=_fix(instruction))


def _fix(instruction: Instruction) -> Fix | None:
    if instruction.command == "message":  # its value holds the role too
        return None
    try:
        return rewritten(
            instruction, write_instruction(Instruction(instruction.command, "", instruction.value))
        )
    except ModelfileError:
        return None


RULE = Rule("MK115", check, fixes=True)
