"""A model given as an ADAPTER."""

from __future__ import annotations

from collections.abc import Iterator

from ...gguf_file.pairing import FileKind, classify
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.all("adapter"):
        source = context.files.source_of(instruction)
        if source and source.header and classify(source.header) is FileKind.MODEL:
            yield Finding(f"ADAPTER {instruction.value} is a whole model, not an adapter", instruction)


RULE = Rule(
    "MK438",
    check,
    help="name it by FROM; an adapter is made with llama.cpp's convert_lora_to_gguf.py",
    reads_files=True,
)
