"""# What it does

Finds a stop that holds another stop.

# Why is this bad

A reply ends at the shorter one first, so the longer one never occurs. If the longer one was meant, replies
end too early.

# Example

    PARAMETER stop "User:"
    PARAMETER stop "### User:"

# Use instead

    PARAMETER stop "### User:"
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    for stop in context.stops:
        shorter = next(
            (s for s in context.stops if s.value and s.value != stop.value and s.value in stop.value), None
        )
        if shorter is not None:
            yield Finding(
                f"the stop {stop.value!r} never occurs: {shorter.value!r} of line {shorter.line} is in it",
                stop,
            )


RULE = Rule(
    "MK326",
    "stop-shadowed",
    Severity.INFO,
    "A stop that another one hides",
    check,
    __doc__,
    help="keep the one that is meant",
)
