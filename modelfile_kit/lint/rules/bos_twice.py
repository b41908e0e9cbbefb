"""The prompt begins with BOS twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ...core.later import later
from ...ollama.grammar import Instruction
from ...ollama.prompt_ends import PromptEnds
from ..context import Context
from ..rule import Finding, Fix, Rule, at_the_ends, replaced

if TYPE_CHECKING:
    from ...building import leading_bos
else:
    leading_bos = later("modelfile_kit.building.leading_bos")


def check(context: Context) -> Iterator[Finding]:
    for finding in at_the_ends("MK325")(context):
        yield replace(finding, fix=_fix(context))


def _fix(context: Context) -> Fix | None:
    """The TEMPLATE without the BOS that the engine adds as well."""
    template, vocabulary = context.template, context.files.vocabulary
    if template is None or vocabulary is None:
        return None
    without = leading_bos.without_leading_bos(template.value, PromptEnds.of(vocabulary).bos)
    if without == template.value:
        return None
    return Fix((replaced(template, Instruction("template", "", without)),))


RULE = Rule("MK325", check, reads_files=True, fixes=True)
