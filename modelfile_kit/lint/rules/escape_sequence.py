"""An escape sequence that is taken literally."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule

_ESCAPE = re.compile(r"\\(?:[nrt\"]|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2})")


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.instructions:
        stop = instruction.name == "parameter" and instruction.key == "stop"
        found = _ESCAPE.search(instruction.value)
        if not found or not (stop or instruction.command in ("system", "message")):
            continue
        yield Finding(
            f"{'the stop' if stop else instruction.command.upper()} contains {found[0]}, which is not an "
            "escape sequence in a Modelfile: these characters stay as they are",
            instruction,
            severity=Severity.WARNING if stop else Severity.INFO,
        )


RULE = Rule(
    "MK122", check, help="write the character itself; a value in three double quotes may contain line ends"
)
