"""# What it does

Holds the model and its projector against each other: width, type, rope sections, picture tokens, versions.

# Why is this bad

Creating such a pair succeeds. The first picture, or the first word, ends the engine: `mismatch between text
model and mmproj`, `Failed to load CLIP model`, a segmentation fault.

# Example

    FROM ./glm-4.1v-9b.gguf
    FROM ./mmproj-qwen2.5-vl.gguf

# Use instead

    FROM ./glm-4.1v-9b.gguf
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
    if model is None or model.header is None:
        return
    for projector in context.files.projectors:
        for found in check_pair(model.header, projector.header, target=context.target.version):
            yield Finding(
                f"{found.message} ({found.code})", projector.instruction, found.help, severity=found.severity
            )


RULE = Rule(
    "MK435",
    "pair-does-not-fit",
    Severity.ERROR,
    "A projector of another model",
    check,
    __doc__,
    reads_files=True,
)
