"""# What it does

Finds a TEMPLATE that says a message twice.

# Why is this bad

`.System` holds all system messages, and they are among `.Messages` as well: who prints both tells the model
everything twice, and breaks the format it was trained on. Pictures of such a message are doubled too.

# Example

    TEMPLATE "{{ .System }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"

# Use instead

    TEMPLATE "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from .. import probes
from ..context import Context
from ..rule import Finding, Rule

_PROBES = {
    "system": {probes.SYSTEM: "the system message", probes.QUESTION: "the question"},
    "dialogue": {probes.ANSWER: "the model's own answers", probes.AGAIN: "the last question"},
}


def check(context: Context) -> Iterator[Finding]:
    for name, texts in _PROBES.items():
        probe = context.probes[name] if context.probes else None
        for text, what in texts.items():
            if probe and not probe.error and probe.text.count(text) > 1:
                yield Finding(f"this TEMPLATE says {what} {probe.text.count(text)} times", context.template)
                return


RULE = Rule(
    "MK207",
    "said-twice",
    Severity.WARNING,
    "A TEMPLATE that says a message twice",
    check,
    __doc__,
    help="print .System, or the system messages in the range, not both",
)
