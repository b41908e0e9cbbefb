"""A parameter that a later one replaces."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...ollama.grammar import Instruction
from ..context import Context
from ..rule import Finding, Fix, Rule, removed


def check(context: Context) -> Iterator[Finding]:
    last: dict[tuple[str, str], Instruction] = {}
    for instruction in context.modelfile.all("parameter"):
        if not instruction.key:
            continue
        key = (instruction.key, instruction.value if instruction.key == "stop" else "")
        earlier = last.get(key)
        last[key] = instruction
        if earlier is None:
            continue
        same = earlier.value == instruction.value
        name = f"the stop {earlier.value!r}" if instruction.key == "stop" else f"PARAMETER {earlier.key}"
        message = f"{name} is set again in line {instruction.line}"
        yield Finding(
            message if same else f"{message} with {instruction.value}, which is used",
            earlier,
            severity=Severity.INFO if same else None,
            fix=Fix((removed(earlier, context.text),)) if same else None,
        )


RULE = Rule("MK124", check, help="keep the one you want", fixes=True)
