"""A projector given as an ADAPTER."""

from __future__ import annotations

from collections.abc import Iterator

from ...gguf_file.pairing import FileKind, classify
from ..context import Context
from ..rule import Finding, Rule, as_projector


def check(context: Context) -> Iterator[Finding]:
    named = {id(i): d.help for i, d in context.complaints("MK114")}
    for instruction in context.modelfile.all("adapter"):
        source = context.files.source_of(instruction)
        kind = classify(source.header) if source and source.header else None
        projector = kind is FileKind.PROJECTOR if kind else id(instruction) in named
        if projector:
            yield Finding(
                f"ADAPTER {instruction.value} is a projector; as an adapter it is never used",
                instruction,
                f"write a second FROM after the model's: FROM {instruction.value}",
                fix=as_projector(instruction, context),
            )


RULE = Rule("MK114", check, fixes=True)
