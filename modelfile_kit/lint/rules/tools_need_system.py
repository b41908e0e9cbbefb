"""Tools that the prompt contains only beside a system message."""

from __future__ import annotations

from collections.abc import Iterator

from .. import probes
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    if context.probes is None or not context.probes.takes_tools or context.modelfile.last("system"):
        return
    alone, beside = context.probes["offered"], context.probes["offered-system"]
    if alone.error or beside.error or probes.TOOL in alone.text or probes.TOOL not in beside.text:
        return
    node = next((a.node for a in context.walk.accesses if a.name == "Tools"), None) if context.walk else None
    yield Finding(
        "this TEMPLATE writes the tools only beside a system message: a request without one loses its tools",
        context.template,
        **(context.place(node) if node else {}),
    )


RULE = Rule("MK253", check, help="write {{ if or .System .Tools }} around the two")
