"""# What it does

Finds characters in a value that Ollama's parser drops without a word.

# Why is this bad

Every character that Go's `strconv.IsPrint` refuses vanishes from a Modelfile's values: the
ideographic space U+3000, the no-break space U+00A0, zero-width joiners (so emoji families fall
apart), byte order marks, control and private-use characters. The model is then told something else
than what the file says.

# Example

    SYSTEM 你好　世界

# Use instead

In a TEMPLATE, a Go string: `{{ "\\u3000" }}`. In other values an ordinary space, or give the value to
the server's create API, which carries it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...ollama.printable import first_refused
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.instructions:
        written = context.text[slice(*instruction.span)]
        # Line ends and tabs are kept, so only what lies between them is looked at.
        for offset, line in enumerate(written.splitlines()):
            found = first_refused(line.replace("\t", " "))
            if found is None:
                continue
            at, rune = found
            name = unicodedata.name(rune, "a control or private-use character").lower()
            yield Finding(
                f"U+{ord(rune):04X} ({name}) in {instruction.name.upper()} is dropped by Ollama",
                instruction,
                line=instruction.line + offset,
                column=at + 1,
            )


RULE = Rule(
    "MK118",
    "dropped-character",
    Severity.WARNING,
    "A character that Ollama drops",
    check,
    __doc__,
    help="in a TEMPLATE write it as a Go string; elsewhere replace it or use the create API",
)
