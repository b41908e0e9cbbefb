"""An instruction that the target Ollama does not know, or no longer takes."""

from __future__ import annotations

from collections.abc import Iterator

from ...gguf_file.pairing import FileKind
from ...ollama.projectors import kind_on
from ...ollama.versions import until
from ..context import Context
from ..rule import Finding, Rule, complaints


def check(context: Context) -> Iterator[Finding]:
    yield from complaints("MK116")(context)
    if context.target.has("lora_adapters"):
        return
    for source in context.files.sources:
        adapter = source.header and kind_on(source.header, context.target) is FileKind.ADAPTER
        if adapter and source.instruction.command == "from" and context.files.models:
            yield Finding(
                f"{source.name} is a LoRA adapter, and Ollama {until('lora_adapters')} and later refuse it",
                source.instruction,
                "merge the adapter into the model with llama.cpp's llama-export-lora, and name that file",
            )


RULE = Rule("MK116", check)
