"""Ollama finds no thinking tags in the TEMPLATE."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    prompt = context.prompt
    if prompt is None or not context.template_is_used or not context.newest.has("thinking"):
        return
    if prompt.thinking_tags:
        return
    jinja = context.selection.jinja if context.selection else None
    if "thinking" in prompt.variables:
        yield Finding(
            "this TEMPLATE uses .Thinking, but Ollama finds no thinking tags in it", context.template
        )
    elif jinja and "thinking" in jinja.capabilities:
        words = " and ".join(f"`{w}`" for w in jinja.words["thinking"])
        yield Finding(
            f"this TEMPLATE has no .Thinking; the model's chat template supports thinking ({words})",
            context.template,
        )


RULE = Rule(
    "MK209",
    check,
    help="write {{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }} in {{ range .Messages }}",
)
