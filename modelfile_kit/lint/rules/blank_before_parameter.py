"""# What it does

Finds more than one blank between PARAMETER and the parameter's name.

# Why is this bad

Ollama's parser takes exactly one blank. With two, the name is empty and the real name becomes part of the
value, so create fails with `unknown parameter ''`.

# Example

    PARAMETER  temperature 0.5

# Use instead

    PARAMETER temperature 0.5
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Edit, Finding, Fix, Rule

_BLANKS = re.compile(r"[A-Za-z]+[ \t](?P<more>[ \t]+)(?=[A-Za-z0-9_]+[ \t])")


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.all("parameter", ""):
        start = instruction.span[0]
        found = _BLANKS.match(context.text, start)
        fix = Fix((Edit(*found.span("more"), ""),)) if found else None
        yield Finding("PARAMETER has no name: more than one blank stands before it", instruction, fix=fix)


RULE = Rule(
    "MK119",
    "blank-before-parameter",
    Severity.ERROR,
    "Several blanks before a parameter's name",
    check,
    __doc__,
    help="write one blank between PARAMETER and the name",
    fixes=True,
)
