"""# What it does

Finds a `#` with blanks around it behind the value of FROM, ADAPTER, DRAFT, PARAMETER, RENDERER, PARSER or
REQUIRES.

# Why is this bad

A comment can only stand on a line of its own. Behind a value it is part of the value: the file is not
found, the number is none, the stop never occurs.

# Example

    PARAMETER num_ctx 4096 # enough for a page

# Use instead

    # enough for a page
    PARAMETER num_ctx 4096
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Edit, Finding, Fix, Rule

_COMMENT = re.compile(r"[ \t]+#(?:[ \t].*)?$")
_WITHOUT_PROSE = ("from", "adapter", "projector", "draft", "renderer", "parser", "requires", "parameter")


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.instructions:
        written = context.written(instruction)
        if instruction.name not in _WITHOUT_PROSE or instruction.command != instruction.name:
            continue
        found = _COMMENT.search(written)
        comment = found[0].strip() if found else ""
        if not found or "\n" in written or comment == instruction.value or comment.endswith('"'):
            continue
        what = f"{instruction.name.upper()} {instruction.key}".strip()
        # A stop may be meant that way; anything else can only be mended by it.
        edit = Edit(instruction.span[0] + found.start(), instruction.span[1], "")
        fix = Fix((edit,)) if instruction.key != "stop" else None
        yield Finding(f"{what}: {comment!r} is part of the value, not a comment", instruction, fix=fix)


RULE = Rule(
    "MK120",
    "trailing-comment",
    Severity.ERROR,
    "A comment behind a value",
    check,
    __doc__,
    help="put the comment on a line of its own",
    fixes=True,
)
