"""A comment after a value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..context import Context
from ..rule import Edit, Finding, Fix, Rule

# From where blanks begin: anywhere else in a long row of them it would only be searched again.
_COMMENT = re.compile(r"(?<![ \t])[ \t]+#(?:[ \t].*)?$")
_WITHOUT_PROSE = ("from", "adapter", "projector", "draft", "renderer", "parser", "requires", "parameter")


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.instructions:
        written = context.written(instruction)
        if instruction.name not in _WITHOUT_PROSE or instruction.command != instruction.name:
            continue
        found = _COMMENT.search(written) if "\n" not in written else None
        comment = found[0].strip() if found else ""
        if not found or comment == instruction.value or comment.endswith('"'):
            continue
        what = f"{instruction.name.upper()} {instruction.key}".strip()
        # A stop may be meant that way; anything else can only be fixed by it.
        edit = Edit(instruction.span[0] + found.start(), instruction.span[1], "")
        fix = Fix((edit,)) if instruction.key != "stop" else None
        yield Finding(f"{what}: {comment!r} is part of the value, not a comment", instruction, fix=fix)


RULE = Rule("MK120", check, help="move the comment to its own line", fixes=True)
