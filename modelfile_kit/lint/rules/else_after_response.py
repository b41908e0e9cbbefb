"""# What it does

Finds an `{{ else }}` behind `{{ .Response }}` in its own branch, in a TEMPLATE without `.Messages`.

# Why is this bad

Ollama cuts such a TEMPLATE at the first `.Response` for the last turn. Where an `{{ else }}` follows, its
handler crashes, and every request is answered with an error.

# Example

    TEMPLATE "{{ if .Prompt }}{{ .Prompt }} {{ .Response }}{{ else }}nothing{{ end }}"

# Use instead

    TEMPLATE "{{ if .Prompt }}{{ .Prompt }} {{ else }}nothing{{ end }}{{ .Response }}"
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...core.errors import PromptError
from ...gotemplate.big_stack import with_deep_stack
from ...ollama.legacy import cut_at_response
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    prompt = context.prompt
    if prompt is None or not prompt.is_legacy or not context.template_is_used:
        return
    try:
        with_deep_stack(lambda: cut_at_response(prompt.template.root))
    except PromptError as error:
        yield Finding(error.message, context.template, error.help)


RULE = Rule(
    "MK204",
    "else-after-response",
    Severity.ERROR,
    "An else behind .Response, which crashes the server",
    check,
    __doc__,
)
