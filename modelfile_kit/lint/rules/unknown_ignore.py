"""# What it does

Finds a comment that silences a rule which does not exist, or an instruction that does not follow.

# Why is this bad

The finding that it was meant for comes all the same, or the comment has outlived it.

# Example

    # mkmodelfile: ignore=MK999
    PARAMETER temperature 0.5

# Use instead

    # mkmodelfile: ignore=MK130
    FROM /srv/models/model.gguf
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule

_MARK = re.compile(r"\s*mkmodelfile:\s*(.*?)\s*")
_FORM = re.compile(r"(ignore|ignore-file)\s*=\s*([A-Za-z0-9-]+(?:\s*,\s*[A-Za-z0-9-]+)*)")


def check(context: Context) -> Iterator[Finding]:
    from ..registry import find_rule

    for comment in context.modelfile.comments:
        mark = _MARK.fullmatch(comment.text)
        if not mark:
            continue
        form = _FORM.fullmatch(mark[1])
        if not form:
            yield Finding(f"{mark[1]!r} is not understood", line=comment.line)
            continue
        for code in (c.strip() for c in form[2].split(",")):
            if find_rule(code) is None:
                yield Finding(f"there is no rule {code!r}", line=comment.line)


RULE = Rule(
    "MK140",
    "unknown-ignore",
    Severity.WARNING,
    "A comment that silences nothing",
    check,
    __doc__,
    help="write `# mkmodelfile: ignore=CODE` before the instruction, or `ignore-file=CODE` anywhere",
)
