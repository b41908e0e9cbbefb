"""The projector does not fit the model."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...gguf_file.pairing import check_pair
from ...ollama.projectors import check_on
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    model = context.files.model
    if model is None or model.header is None:
        return
    for projector in context.files.projectors:
        header = projector.header
        too_new = check_on(header, context.target) if header else []
        for found in (*check_pair(model.header, header), *too_new):
            yield Finding(
                found.message,
                projector.instruction,
                found.help,
                severity=Severity.INFO if found.code in ("MK414", "MK409") else found.severity,
                code=found.code,
            )


RULE = Rule("MK435", check, reads_files=True)
