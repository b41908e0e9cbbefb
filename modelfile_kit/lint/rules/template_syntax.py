"""# What it does

Finds a TEMPLATE that Go does not parse.

# Why is this bad

Ollama refuses to create the model. Some functions are younger than some servers: `currentDate` came with
0.11.1, `toTypeScriptType` with 0.11.3, `yesterdayDate` with 0.13.3.

# Example

    TEMPLATE "{{ if .System }}{{ .System }} {{ .Prompt }}"

# Use instead

    TEMPLATE "{{ if .System }}{{ .System }} {{ end }}{{ .Prompt }}"
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...ollama.versions import since
from ..context import Context
from ..rule import Finding, Rule

_PLACE = re.compile(r"template: [^:]*:(\d+)")
_YOUNG = {"currentDate": "current_date", "yesterdayDate": "yesterday_date", "toTypeScriptType": "typescript"}


def check(context: Context) -> Iterator[Finding]:
    error = context.template_error
    if error is None or context.template is None:
        return
    place = _PLACE.search(error.message)
    line = context.template.line + int(place[1]) - 1 if place else None
    young = next((f for f in _YOUNG if f'function "{f}" not defined' in error.message), None)
    hint = f"{young} came with Ollama {since(_YOUNG[young])}; raise the target" if young else error.help
    yield Finding(f"Go does not parse this TEMPLATE: {error.message}", context.template, hint, line=line)


RULE = Rule(
    "MK202",
    "template-syntax",
    Severity.ERROR,
    "A TEMPLATE that does not parse",
    check,
    __doc__,
    help="the message is Go's own; the line is counted in the Modelfile",
)
