"""A TEMPLATE of the old kind, with .Prompt."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    prompt = context.prompt
    if prompt is None or not prompt.is_legacy or not context.template_is_used:
        return
    if ".Messages" in prompt.source:
        return  # hidden-messages says more
    chat = context.files.chat_template
    yield Finding(
        "this TEMPLATE has .Prompt and no .Messages: Ollama executes it once for every turn"
        + (", while the model's chat template uses all messages" if chat else ""),
        context.template,
        severity=Severity.WARNING if chat else None,
    )


RULE = Rule(
    "MK242",
    check,
    help="`mkmodelfile compile` makes a TEMPLATE with .Messages from the model's chat template",
)
