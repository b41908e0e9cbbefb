"""# What it does

Finds a comment `# PROJECTOR file` that no `FROM file` follows.

# Why is this bad

The comment alone is nothing to Ollama: the model is created without eyes. Directly before the FROM of the
same file it says what that file is.

# Example

    FROM ./model.gguf
    # PROJECTOR ./mmproj-model.gguf
    PARAMETER num_ctx 4096

# Use instead

    FROM ./model.gguf
    # PROJECTOR ./mmproj-model.gguf
    FROM ./mmproj-model.gguf
    PARAMETER num_ctx 4096
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.diagnostics import Severity
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


RULE = Rule(
    "MK134",
    "lost-projector-comment",
    Severity.WARNING,
    "A projector in a comment only",
    check,
    __doc__,
)
