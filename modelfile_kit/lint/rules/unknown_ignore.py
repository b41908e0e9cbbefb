"""An ignore comment that silences nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..context import Context
from ..registry import find_rule
from ..rule import Finding, Rule

_MARK = re.compile(r"\s*mkmodelfile:\s*(.*?)\s*")
_FORM = re.compile(r"(ignore|ignore-file)\s*=\s*([A-Za-z0-9-]+(?:\s*,\s*[A-Za-z0-9-]+)*)")


def check(context: Context) -> Iterator[Finding]:
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
                yield Finding(f"no rule has the code or name {code!r}", line=comment.line)


RULE = Rule(
    "MK140",
    check,
    help="write `# mkmodelfile: ignore=CODE` before the instruction, or `ignore-file=CODE` anywhere",
)
