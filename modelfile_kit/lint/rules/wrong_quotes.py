"""Quotes that are part of the value."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule

_PAIRS = ("''", "``", "\u201c\u201d", "\u2018\u2019", "\u00ab\u00bb", "\u201e\u201c", "\u300c\u300d")


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.instructions:
        value = instruction.value
        if len(value) < 3 or instruction.name in ("license", "template"):
            continue
        written = context.written(instruction)
        doubled = value[0] + value[-1] == '""' and ' ""' in written and ' """' not in written
        if value[0] + value[-1] in _PAIRS or doubled:
            yield Finding(
                f"{instruction.name.upper()}: the quotes {value[0]} and {value[-1]} are part of the value",
                instruction,
            )


RULE = Rule("MK121", check, help='use " or """, or no quotes')
