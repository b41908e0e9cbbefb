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
    prompt = context.prompt
    if selection.source == "renderer" and prompt is not None and "insert" in prompt.capabilities:
        yield Finding(
            f"only requests of /api/generate with `suffix` use this TEMPLATE: {selection.why}",
            context.template,
            "that is right for filling gaps; for chats " + (selection.change or "remove RENDERER"),
        )
        return
    newer = "" if context.target.has("native_jinja") else " from Ollama 0.30 on"
    yield Finding(
        f"Ollama does not use this TEMPLATE{newer}: {selection.why}",
        context.template,
        selection.change or "remove the TEMPLATE",
    )


RULE = Rule("MK201", check)
