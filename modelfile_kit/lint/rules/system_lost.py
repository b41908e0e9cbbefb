"""The prompt does not contain the system message."""

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
        message = f"this TEMPLATE leaves out the {own.name.upper()} of line {own.line}"
        yield Finding(message, context.template)
    elif "system" in jinja and not context.also_lost("system", [probes.SYSTEM]):
        message = "this TEMPLATE leaves out system messages, which the model's chat template writes"
        yield Finding(message, context.template)
    else:
        yield Finding("this TEMPLATE leaves out system messages", context.template, severity=Severity.INFO)


RULE = Rule(
    "MK205", check, help="print .System, or the messages of role system, where the model expects them"
)
