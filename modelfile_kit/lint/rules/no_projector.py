"""A vision model without a projector."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...gguf_file.pairing import check_pair
from ...gguf_file.signs import signs
from ...ollama.projectors import check_inside
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    model = context.files.model
    if model is None or model.header is None or context.modelfile.projectors or context.files.projectors:
        return
    for found in (*check_pair(model.header, None), *check_inside(model.header, context.target)):
        severity = found.severity
        if found.code == "MK436":
            # A chat template alone is a weak reason: text models share it with relatives that see.
            sure = severity is Severity.ERROR or bool(signs(model.header))
            severity = Severity.WARNING if sure else Severity.INFO
        yield Finding(found.message, model.instruction, found.help, severity=severity, code=found.code)


RULE = Rule("MK436", check, reads_files=True)
