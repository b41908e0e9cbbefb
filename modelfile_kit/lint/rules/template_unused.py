"""# What it does

Finds a TEMPLATE that Ollama never renders, because a RENDERER is set or because the GGUF's own Jinja chat
template wins over it (Ollama 0.30 and later).

# Why is this bad

Creating the model succeeds and nobody is told. From 0.30 on Ollama takes the Jinja where plain substring
tests see more capabilities in it than in the TEMPLATE, or equal ones and a tool round trip only there. Then
whatever the TEMPLATE does is without effect.

# Example

    FROM ./model.gguf
    RENDERER qwen3-coder
    PARSER qwen3-coder
    TEMPLATE "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"

# Use instead

Leave out what is not meant. To make a TEMPLATE win over the Jinja, let it show what the Jinja shows: the
finding says which words decided.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    selection = context.selection
    if context.template is None or selection is None or selection.source == "template":
        return
    newer = "" if context.target.has("native_jinja") else " from Ollama 0.30 on"
    yield Finding(
        f"this TEMPLATE is not used{newer}: {selection.why}",
        context.template,
        selection.change or "take the TEMPLATE out",
    )


RULE = Rule("MK201", "template-unused", Severity.WARNING, "A TEMPLATE silently unused", check, __doc__)
