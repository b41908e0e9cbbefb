"""Ollama does not use the TEMPLATE."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    selection = context.selection
    if context.template is None or selection is None or selection.source == "template":
        return
    newer = "" if context.target.has("native_jinja") else " from Ollama 0.30 on"
    yield Finding(
        f"Ollama does not use this TEMPLATE{newer}: {selection.why}",
        context.template,
        selection.change or "remove the TEMPLATE",
    )


RULE = Rule("MK201", check)
