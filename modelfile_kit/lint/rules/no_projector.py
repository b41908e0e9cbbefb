"""A vision model without a projector."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...gguf_file.pairing import check_pair
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
            severity = Severity.INFO if severity is Severity.WARNING else Severity.WARNING
        yield Finding(found.message, model.instruction, found.help, severity=severity, code=found.code)


RULE = Rule("MK436", check, reads_files=True)
