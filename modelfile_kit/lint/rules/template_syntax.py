"""The TEMPLATE does not parse."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...ollama.functions import YOUNG
from ...ollama.versions import since
from ..context import Context
from ..rule import Finding, Rule
from ..template_types import root_names
from .jinja_as_template import is_jinja

# A name alone in an action, as Jinja has it; in Go that is a call of a function.
_BARE = re.compile(r"\{\{-?\s*(?:(?:if|range|with)\s+)?([A-Za-z_]\w*)\s*-?\}\}")


def check(context: Context) -> Iterator[Finding]:
    error = context.template_error
    if error is None or context.template is None or is_jinja(context.template.value):
        return
    bare = list(_bare_names(context))
    young = next((f for f in YOUNG if f'function "{f}" not defined' in error.message), None)
    hint = f"{young} came with Ollama {since(YOUNG[young])}; raise the target" if young else error.help
    line = context.value_line(context.template, error.line) if error.line else None
    column = None
    if bare and "function" in error.message:
        line, column = context.value_place(context.template, bare[0][0])
        written = {name: right for _, name, right in bare}
        hint = "names begin with a dot: " + ", ".join(f"{n} is .{right}" for n, right in written.items())
    yield Finding(
        f"this TEMPLATE does not parse: {error.message}", context.template, hint, line=line, column=column
    )


def _bare_names(context: Context) -> Iterator[tuple[int, str, str]]:
    """Names of Ollama without their dot: position, as written, and right."""
    names = {name.lower(): name for name in root_names(context.target)}
    for found in _BARE.finditer(context.template.value if context.template else ""):
        if right := names.get(found[1].lower()):
            yield found.start(1), found[1], right


RULE = Rule("MK202", check, help="the message is Go's own and counts the lines of the TEMPLATE")
