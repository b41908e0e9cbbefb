"""An instruction inside a value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule

_INSTRUCTION = re.compile(
    r"^(?:FROM[ \t]+\S+$|PARAMETER[ \t]+[a-z_]+[ \t]+\S|(?:TEMPLATE|SYSTEM)[ \t]+\""
    r"|MESSAGE[ \t]+(?:user|assistant|system)[ \t])",
    re.MULTILINE,
)


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.instructions:
        if instruction.command == "license":
            continue
        found = _INSTRUCTION.search(instruction.value)
        if found is None:
            continue
        line = instruction.line + instruction.value.count("\n", 0, found.start())
        where = f"the {instruction.name.upper()} that begins in line {instruction.line}"
        yield Finding(f"{found[0].split()[0]} in line {line} is part of {where}", instruction)


RULE = Rule(
    "MK128",
    check,
    help="close the quote before it; a value that begins with a quote needs three double quotes",
)
