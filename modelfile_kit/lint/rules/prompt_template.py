"""# What it does

Finds a TEMPLATE with `.Prompt` in place of `.Messages`.

# Why is this bad

It is run once for every pair of question and answer. System messages in the middle, tools and thinking have
no place in it, a message of role tool is lost, and an answer that comes first is not what the model was
trained on.

# Example

    TEMPLATE "<|system|>{{ .System }}<|user|>{{ .Prompt }}<|assistant|>{{ .Response }}"

# Use instead

    TEMPLATE "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"
"""

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
        "this TEMPLATE has .Prompt and no .Messages: Ollama runs it once a turn"
        + (", while the model's chat template goes through the messages" if chat else ""),
        context.template,
        severity=Severity.WARNING if chat else None,
    )


RULE = Rule(
    "MK242",
    "prompt-template",
    Severity.INFO,
    "A TEMPLATE of the old kind",
    check,
    __doc__,
    help="`mkmodelfile compile` makes a TEMPLATE with .Messages from the model's chat template",
)
