"""The TEMPLATE does not parse."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
    yield Finding(f"this TEMPLATE does not parse: {error.message}", context.template, hint, line=line)


RULE = Rule("MK202", check, help="the message is Go's own; the line number is that of the Modelfile")
