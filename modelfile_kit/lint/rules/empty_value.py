"""An instruction without a value."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule

_MAY_BE_EMPTY = ("system", "message", "license")


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.instructions:
        if instruction.value or instruction.command in _MAY_BE_EMPTY:
            continue
        if instruction.command == "parameter" and instruction.key != "stop":
            continue  # an empty number is of the wrong type, and an empty name has its own rule
        name = f"{instruction.name.upper()} {instruction.key}".strip()
        severity = Severity.ERROR if instruction.command == "from" else None
        yield Finding(f"{name} has no value", instruction, severity=severity)


RULE = Rule("MK127", check, help="write the value, or remove the line")
