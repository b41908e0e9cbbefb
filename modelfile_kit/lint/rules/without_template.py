"""A Modelfile without TEMPLATE: what the GGUF's own chat template makes of a chat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...core.later import later
from ..context import Context
from ..rule import Finding, Rule

if TYPE_CHECKING:
    from .. import own_template
else:
    own_template = later("modelfile_kit.lint.own_template")


def check(context: Context) -> Iterator[Finding]:
    model, vocabulary, selection = context.files.model, context.files.vocabulary, context.selection
    if context.template or model is None or vocabulary is None or selection is None:
        return
    for found in own_template.about_own_template(context.files.chat_template, vocabulary, selection):
        yield Finding(found.message, model.instruction, found.help, severity=found.severity, code=found.code)


RULE = Rule("MK257", check, reads_files=True)
