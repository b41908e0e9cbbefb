"""# What it does

Finds a `num_ctx` that is larger than the context the model was made for.

# Why is this bad

Ollama takes the model's own context length instead and says so only in the server's log; before 0.30 the
memory for it may be reserved all the same.

# Example

    FROM ./model-with-8192.gguf
    PARAMETER num_ctx 131072

# Use instead

A value up to `<architecture>.context_length` of the GGUF; `mkmodelfile inspect` shows it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
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
                f"num_ctx is {wanted}, the model was made for {length} tokens; Ollama takes {length}",
                instruction,
                f"write PARAMETER num_ctx {length}, or less",
            )


RULE = Rule(
    "MK126",
    "num-ctx-beyond-model",
    Severity.WARNING,
    "A context longer than the model's",
    check,
    __doc__,
    reads_files=True,
)
