"""The projector is named before the model."""

from __future__ import annotations

from collections.abc import Iterator

from ...ollama.parameters import looks_like_projector
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    froms = context.modelfile.froms
    if len(froms) < 2:
        return
    projectors = [s.instruction for s in context.files.projectors]
    model = context.files.model
    if model is not None:
        wrong = froms[0] in projectors and froms[0] is not model.instruction
    else:
        wrong = looks_like_projector(froms[0].value) and not looks_like_projector(froms[-1].value)
    if wrong:
        yield Finding("the projector's FROM is before the model's", froms[0])


RULE = Rule("MK437", check, help="write the model's FROM first")
