"""# What it does

Finds a TEMPLATE in which Ollama finds no thinking tags, although it mentions `.Thinking` or the model's own
chat template thinks.

# Why is this bad

Ollama takes the tags from the first and last text of the list around a *field* `.Thinking`, inside a range
over the *field* `.Messages`. `$.Messages` or `$m.Thinking` are not seen, nor are tags elsewhere. Without
tags the model has no thinking capability: `think` is refused, and thoughts stay in the answer.

# Example

    TEMPLATE \"\"\"{{ range $m := .Messages }}<|{{ .Role }}|>
    {{- if $m.Thinking }}<think>{{ $m.Thinking }}</think>{{ end }}{{ .Content }}
    {{- end }}<|assistant|>\"\"\"

# Use instead

    TEMPLATE \"\"\"{{ range .Messages }}<|{{ .Role }}|>
    {{- if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}
    {{- end }}<|assistant|>\"\"\"

"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
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
            "this TEMPLATE mentions .Thinking, and Ollama finds no thinking tags in it", context.template
        )
    elif jinja and "thinking" in jinja.capabilities:
        words = " and ".join(f"`{w}`" for w in jinja.words["thinking"])
        yield Finding(
            f"this TEMPLATE has no .Thinking; the model's chat template thinks ({words})", context.template
        )


RULE = Rule(
    "MK209",
    "thinking-lost",
    Severity.WARNING,
    "A TEMPLATE without thinking tags that Ollama finds",
    check,
    __doc__,
    help="write {{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }} in {{ range .Messages }}",
)
