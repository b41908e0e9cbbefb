"""The prompt contains a message twice."""

from __future__ import annotations

from collections.abc import Iterator

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
                yield Finding(f"this TEMPLATE writes {what} {probe.text.count(text)} times", context.template)
                return


RULE = Rule("MK207", check, help="print .System, or the system messages in the range, not both")
