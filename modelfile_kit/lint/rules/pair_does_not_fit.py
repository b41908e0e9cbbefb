"""The projector does not fit the model."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    from ...gguf_file.pairing import check_pair

    model = context.files.model
    if model is None or model.header is None:
        return
    for projector in context.files.projectors:
        for found in check_pair(model.header, projector.header, target=context.target.version):
            yield Finding(
                found.message,
                projector.instruction,
                found.help,
                severity=found.severity,
                code=found.code,
            )


RULE = Rule("MK435", check, reads_files=True)
