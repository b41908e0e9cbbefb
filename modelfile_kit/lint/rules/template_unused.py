"""Ollama does not use the TEMPLATE."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    selection = context.selection
    name = context.library_model
    if context.template is not None and name and not context.last("renderer"):
        yield Finding(
            f"FROM {name} inherits a RENDERER, as its name in Ollama's library tells: this TEMPLATE is "
            "stored and not used",
            context.template,
            "remove the TEMPLATE, or make the model from its GGUF file",
            severity=Severity.WARNING,
        )
        return
    if context.template is None or selection is None or selection.source == "template":
        return
    newer = "" if context.target.has("native_jinja") else " from Ollama 0.30 on"
    yield Finding(
        f"Ollama does not use this TEMPLATE{newer}: {selection.why}",
        context.template,
        selection.change or "remove the TEMPLATE",
    )


RULE = Rule("MK201", check)
