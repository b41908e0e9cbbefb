"""An instruction that a later one replaces."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Fix, Rule, removed

_ONCE = ("template", "system", "adapter", "renderer", "parser", "requires")


def check(context: Context) -> Iterator[Finding]:
    for name in _ONCE:
        *others, last = context.modelfile.all(name) or (None,)
        for instruction in others:
            if instruction is None or last is None:
                continue
            same = instruction.value == last.value
            yield Finding(
                f"this {name.upper()} is not used: the one in line {last.line} replaces it"
                + (" (they are the same)" if same else ""),
                instruction,
                fix=Fix((removed(instruction, context.text),)) if same else None,
            )


RULE = Rule("MK123", check, help="keep the one you want", fixes=True)
