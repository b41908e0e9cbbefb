"""# What it does

Finds a REQUIRES that asks for less than the Modelfile needs.

# Why is this bad

REQUIRES keeps older servers from running a model they cannot run. One that lets them pass is of no use:
the instruction itself came with 0.14.0, and DRAFT with 0.23.1.

# Example

    FROM ./model.gguf
    DRAFT ./draft.gguf
    REQUIRES 0.14.0

# Use instead

    FROM ./model.gguf
    DRAFT ./draft.gguf
    REQUIRES 0.23.1
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
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
    name, feature = max(lacking.items(), key=lambda item: SINCE[item[1]][0])
    yield Finding(
        f"REQUIRES {requires.value}, but {name.upper()} came with Ollama {since(feature)}",
        requires,
        f"write REQUIRES {since(feature)}, or a later one",
    )


RULE = Rule(
    "MK135", "requires-too-old", Severity.WARNING, "REQUIRES asks for less than is needed", check, __doc__
)
