"""A stop that another stop makes useless."""

from __future__ import annotations

from collections.abc import Iterator

from ...ollama.grammar import Instruction
from ..context import Context
from ..rule import Finding, Rule

# No model has so many; every one is looked for in every other.
MAX_STOPS = 500


def check(context: Context) -> Iterator[Finding]:
    first: dict[str, Instruction] = {}
    for stop in context.stops:
        if stop.value:
            first.setdefault(stop.value, stop)
    compared = list(first.values())[:MAX_STOPS]
    shadows: dict[str, Instruction | None] = {}
    for stop in context.stops:
        if stop.value not in shadows:
            if len(shadows) == MAX_STOPS:
                return
            found = (s for s in compared if s.value != stop.value and s.value in stop.value)
            shadows[stop.value] = next(found, None)
        shorter = shadows[stop.value]
        if shorter is not None:
            yield Finding(
                f"the stop {stop.value!r} has no effect: the stop {shorter.value!r} in line {shorter.line} "
                "is part of it and ends the reply first",
                stop,
            )


RULE = Rule("MK326", check, help="keep the one you want")
