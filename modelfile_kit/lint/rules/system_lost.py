"""# What it does

Finds a TEMPLATE that does not say the system message.

# Why is this bad

SYSTEM and system messages are accepted and vanish: the model never sees them.

# Example

    TEMPLATE \"\"\"{{ range .Messages }}{{ if eq .Role "user" }}<|user|>{{ .Content }}
    {{- else if eq .Role "assistant" }}<|assistant|>{{ .Content }}{{ end }}{{ end }}<|assistant|>\"\"\"
    SYSTEM You are brief.

# Use instead

    TEMPLATE \"\"\"{{ .System }}{{ range .Messages }}{{ if eq .Role "user" }}<|user|>{{ .Content }}
    {{- else if eq .Role "assistant" }}<|assistant|>{{ .Content }}{{ end }}{{ end }}<|assistant|>\"\"\"
    SYSTEM You are brief.

"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from .. import probes
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    if context.probes is None:
        return
    probe = context.probes["system"]
    if probe.error or probes.SYSTEM in probe.text or probes.QUESTION not in probe.text:
        return
    own = context.last("system") or next(iter(context.modelfile.all("message", "system")), None)
    jinja = context.files.chat_template or ""
    if own:
        message = f"this TEMPLATE does not say the {own.name.upper()} of line {own.line}"
        yield Finding(message, context.template)
    elif "system" in jinja and not context.also_lost("system", [probes.SYSTEM]):
        message = "this TEMPLATE loses system messages, which the model's chat template has"
        yield Finding(message, context.template)
    else:
        yield Finding("this TEMPLATE loses system messages", context.template, severity=Severity.INFO)


RULE = Rule(
    "MK205",
    "system-lost",
    Severity.WARNING,
    "A TEMPLATE that loses the system message",
    check,
    __doc__,
    help="print .System, or the messages of role system, where the model expects them",
)
