"""# What it does

Finds a model that is made to see and has no projector beside it.

# Why is this bad

Creating it succeeds and text works; a picture is answered with `Multimodal data provided, but model does not
support multimodal requests`.

# Example

    FROM ./glm-4.1v-9b.gguf

# Use instead

    FROM ./glm-4.1v-9b.gguf
    # PROJECTOR ./mmproj-glm-4.1v-9b.gguf
    FROM ./mmproj-glm-4.1v-9b.gguf
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    from ...gguf_file.pairing import check_pair

    model = context.files.model
    if model is None or model.header is None or context.has_pictures:
        return
    for found in check_pair(model.header, None):
        severity = Severity.INFO if found.severity is Severity.WARNING else Severity.WARNING
        yield Finding(f"{found.message} ({found.code})", model.instruction, found.help, severity=severity)


RULE = Rule(
    "MK436",
    "no-projector",
    Severity.WARNING,
    "A seeing model without its projector",
    check,
    __doc__,
    reads_files=True,
)
