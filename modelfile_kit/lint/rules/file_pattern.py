"""A FROM or DRAFT that is a pattern to some releases, and to others not or to another file."""

from __future__ import annotations

from collections.abc import Iterator

from ...ollama.file_patterns import is_malformed, is_pattern, misread
from ...ollama.versions import since
from ..context import Context
from ..files import PATTERNED
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    first = since("from_glob")
    for instruction in context.modelfile.instructions:
        if instruction.command not in PATTERNED or not instruction.value:
            continue
        path = context.files.path_of(instruction.value)
        named = f"{instruction.name.upper()} {instruction.value}"
        if context.target.may_have("from_glob"):
            other = misread(path) if path else ""
            if other and path and path.exists():
                yield Finding(
                    f"{named}: Ollama {first} and later {other}, although a file of that name exists",
                    instruction,
                    "rename the file: `*`, `?`, `[` and a backslash are special in the whole path",
                )
            elif "refuse" in other or is_malformed(instruction.value):
                yield Finding(
                    f"{named}: Ollama {first} and later refuse it (`syntax error in pattern`)",
                    instruction,
                    "close `[` with `]`, with one character or more in between",
                )
        plain = context.files.exists(instruction.value)
        if is_pattern(instruction.value) and not context.target.has("from_glob") and not plain:
            yield Finding(
                f"{named} is a pattern, and Ollama before {first} takes it for the name of a published model",
                instruction,
                f"name each file in a FROM of its own, or set the target to {first} or later",
            )


RULE = Rule("MK439", check)
