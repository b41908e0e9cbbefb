"""A Modelfile without TEMPLATE: what the GGUF's own chat template makes of a chat."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..own_template import about_own_template
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    model, vocabulary, selection = context.files.model, context.files.vocabulary, context.selection
    if context.template or model is None or vocabulary is None or selection is None:
        return
    for found in about_own_template(context.files.chat_template, vocabulary, selection):
        yield Finding(found.message, model.instruction, found.help, severity=found.severity, code=found.code)


RULE = Rule("MK257", check, reads_files=True)
