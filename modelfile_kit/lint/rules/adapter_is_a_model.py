"""# What it does

Finds a whole model behind ADAPTER.

# Why is this bad

Creating the model succeeds; llama.cpp then refuses to load the file as a LoRA adapter, and no request is
answered.

# Example

    FROM ./model.gguf
    ADAPTER ./fine-tuned-model.gguf

# Use instead

    FROM ./fine-tuned-model.gguf
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    from ...gguf_file.pairing import FileKind, classify

    for instruction in context.modelfile.all("adapter"):
        source = context.files.source_of(instruction)
        if source and source.header and classify(source.header) is FileKind.MODEL:
            yield Finding(f"ADAPTER {instruction.value} is a whole model, not an adapter", instruction)


RULE = Rule(
    "MK438",
    "adapter-is-a-model",
    Severity.ERROR,
    "A model given as an ADAPTER",
    check,
    __doc__,
    help="name it by FROM; an adapter is made with llama.cpp's convert_lora_to_gguf.py",
    reads_files=True,
)
