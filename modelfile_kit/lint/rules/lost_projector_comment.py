"""A projector named in a comment only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule

# What is clearly a file; prose that begins with the word is left alone.
_NOTE = re.compile(r"\s*PROJECTOR[ \t]+(?P<file>\S+\.gguf\"*)\s*", re.IGNORECASE)


def check(context: Context) -> Iterator[Finding]:
    named = context.modelfile.projectors
    for comment in context.modelfile.comments:
        found = _NOTE.fullmatch(comment.text)
        if found and found["file"].strip('"') not in named:
            file = found["file"].strip('"')
            yield Finding(
                f"no FROM {file} follows this comment", line=comment.line, help=f"write FROM {file} after it"
            )


RULE = Rule("MK134", check)
