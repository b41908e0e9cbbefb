"""# What it does

Finds a TEMPLATE whose only mention of `.Messages` stands behind a parenthesis.

# Why is this bad

Ollama looks for a field or variable named Messages; `(index .Messages 0).Content` alone is not seen. It then
takes the TEMPLATE for one of the old kind, with `.Prompt`, and `.Messages` is empty.

# Example

    TEMPLATE "{{ (index .Messages 0).Content }}"

# Use instead

    TEMPLATE "{{ $first := index .Messages 0 }}{{ range .Messages }}{{ .Content }}{{ end }}"
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    prompt, walk = context.prompt, context.walk
    if prompt is None or walk is None or not prompt.is_legacy or not context.template_is_used:
        return
    hidden = next((a for a in walk.accesses if a.name == "Messages"), None)
    if hidden is not None:
        yield Finding(
            "Ollama does not see this .Messages and takes the TEMPLATE for one with .Prompt",
            context.template,
            **context.place(hidden.node),
        )


RULE = Rule(
    "MK243",
    "hidden-messages",
    Severity.ERROR,
    "A .Messages that Ollama does not see",
    check,
    __doc__,
    help="mention .Messages outside of parentheses too, as in {{ range .Messages }}",
)
