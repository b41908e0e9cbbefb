"""More than one space before a parameter's name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..context import Context
from ..rule import Edit, Finding, Fix, Rule

_BLANKS = re.compile(r"[A-Za-z]+[ \t](?P<more>[ \t]+)(?=[A-Za-z0-9_]+[ \t])")


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.all("parameter", ""):
        start = instruction.span[0]
        found = _BLANKS.match(context.text, start)
        fix = Fix((Edit(*found.span("more"), ""),)) if found else None
        yield Finding(
            "extra space before the parameter name, so Ollama reads an empty name", instruction, fix=fix
        )


RULE = Rule("MK119", check, help="write one space between PARAMETER and the name", fixes=True)
