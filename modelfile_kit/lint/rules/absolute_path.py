"""A path that exists on one machine only."""

from __future__ import annotations

import re
from collections.abc import Iterator

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


RULE = Rule("MK130", check, help="write the path from the Modelfile's folder, as ./model.gguf")
