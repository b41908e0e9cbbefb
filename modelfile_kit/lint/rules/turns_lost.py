"""The prompt does not contain every message."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from .. import probes
from ..context import Context
from ..rule import Finding, Rule

_TEXTS = {
    probes.AGAIN: "the last question",
    probes.QUESTION: "earlier questions",
    probes.ANSWER: "the model's own answers",
}


def check(context: Context) -> Iterator[Finding]:
    if context.probes is None:
        return
    probe = context.probes["dialogue"]
    lost = {text: what for text, what in _TEXTS.items() if text not in probe.text}
    if probe.error or not lost:
        return
    message = f"this TEMPLATE leaves out {' and '.join(lost.values())}"
    if context.also_lost("dialogue", lost):
        yield Finding(
            f"{message}, as the model's own chat template does",
            context.template,
            "the model was made for other requests than chats of text; see its documentation",
            severity=Severity.INFO,
        )
        return
    severity = Severity.ERROR if probes.AGAIN in lost else None
    yield Finding(message, context.template, severity=severity)


RULE = Rule("MK206", check, help="range over .Messages and print the .Content of every role")
