"""# What it does

Finds `PARAMETER` values that do not have the option's type: whole numbers, numbers, `true` and `false`.

# Why is this bad

Ollama parses each value by the type of its option and refuses to create the model otherwise. An infinite
number or NaN parses, and then cannot be sent to the server.

# Example

    PARAMETER num_ctx 4k

# Use instead

    PARAMETER num_ctx 4096
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    for instruction, found in context.complaints("MK111"):
        if " #" not in instruction.value:  # a comment behind the value has a rule of its own
            yield Finding(found.message, instruction, found.help)


RULE = Rule(
    "MK111",
    "wrong-parameter-value",
    Severity.ERROR,
    "A parameter value of the wrong type",
    check,
    __doc__,
)
