"""REQUIRES names an Ollama that is too old."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.errors import UsageError
from ...ollama.grammar import INSTRUCTIONS
from ...ollama.versions import SINCE, Target, since
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    requires = context.last("requires")
    if requires is None:
        return
    try:
        asked = Target.parse(requires.value)
    except UsageError:
        return
    used = {i.name: INSTRUCTIONS[i.name] for i in context.modelfile.instructions if INSTRUCTIONS.get(i.name)}
    lacking = {name: feature for name, feature in used.items() if not asked.has(feature)}
    if not lacking:
        return
    name, feature = max(lacking.items(), key=lambda item: SINCE[item[1]].since)
    yield Finding(
        f"REQUIRES {requires.value}, but {name.upper()} came with Ollama {since(feature)}",
        requires,
        f"write REQUIRES {since(feature)}, or a later one",
    )


RULE = Rule("MK135", check)
