"""A path into a server's blob store."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule

_BLOB = re.compile(r"(?:^|[\\/])sha256[-:][0-9a-f]{64}$")


def is_blob(value: str) -> bool:
    """Whether a path leads to a blob in a server's store."""
    return _BLOB.search(value) is not None


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.instructions:
        if instruction.command in ("from", "adapter", "draft", "projector") and is_blob(instruction.value):
            yield Finding(
                f"{instruction.name.upper()} is a path into a server's blob store, as from `ollama show`",
                instruction,
            )


RULE = Rule("MK131", check, help="name the GGUF file, or the published model by its name")
