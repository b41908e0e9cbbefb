"""# What it does

Finds absolute paths and paths that begin with `~`.

# Why is this bad

The Modelfile works only on the machine, and for the user, where it was written.

# Example

    FROM /home/me/models/model.gguf

# Use instead

    FROM ./model.gguf
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule
from .show_output import is_blob

_ABSOLUTE = re.compile(r"[/~]|[A-Za-z]:[\\/]|\\\\")


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.instructions:
        if instruction.command not in ("from", "adapter", "draft", "projector"):
            continue
        if _ABSOLUTE.match(instruction.value) and not is_blob(instruction.value):
            yield Finding(f"{instruction.name.upper()} {instruction.value} is an absolute path", instruction)


RULE = Rule(
    "MK130",
    "absolute-path",
    Severity.INFO,
    "A path that holds on one machine only",
    check,
    __doc__,
    help="write the path from the Modelfile's folder, as ./model.gguf",
)
