"""A use of .Messages that Ollama does not recognise."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    prompt, walk = context.prompt, context.walk
    if prompt is None or walk is None or not prompt.is_legacy or not context.template_is_used:
        return
    hidden = next((a for a in walk.accesses if a.name == "Messages"), None)
    if hidden is not None:
        yield Finding(
            "Ollama does not recognise this use of .Messages and treats the TEMPLATE as an old .Prompt one",
            context.template,
            **context.place(hidden.node),
        )


RULE = Rule("MK243", check, help="use .Messages outside of parentheses too, as in {{ range .Messages }}")
