"""A context longer than the model's."""

from __future__ import annotations

from collections.abc import Iterator

from ...ollama.parameters import parse_value
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    model = context.files.model
    header = model.header if model else None
    length = header.metadata.integer(header.own("context_length")) if header else None
    for instruction in context.modelfile.all("parameter", "num_ctx")[-1:]:
        wanted = parse_value("int", instruction.value)
        if length and isinstance(wanted, int) and wanted > length:
            yield Finding(
                f"num_ctx is {wanted}, the model was trained with {length} tokens; Ollama uses {length}",
                instruction,
                f"write PARAMETER num_ctx {length}, or less",
            )


RULE = Rule("MK126", check, reads_files=True)
