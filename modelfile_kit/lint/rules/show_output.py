"""# What it does

Finds `FROM …/blobs/sha256-…`, which is what `ollama show --modelfile` writes.

# Why is this bad

The path leads into one server's store and nowhere else, and the blob may go with the next prune. Nor does
the rest of that output always read back: values that begin or end with a quote, and messages of several
lines, are not quoted as they must be.

# Example

    FROM /root/.ollama/models/blobs/sha256-667b0c1932bc6ffc593ed1d03f895bf2dc8dc6df21db3042284a6f4416b06a29

# Use instead

    FROM ./model.gguf

or the model's name, as `FROM llama3.2`; and compare the TEMPLATE, the stops and the messages with what is
meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.diagnostics import Severity
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
                f"{instruction.name.upper()} leads into one server's store, as `ollama show` writes it",
                instruction,
            )


RULE = Rule(
    "MK131",
    "show-output",
    Severity.WARNING,
    "A path into a server's store",
    check,
    __doc__,
    help="name the GGUF file, or the published model by its name",
)
