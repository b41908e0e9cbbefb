"""A stop that another stop makes useless."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    for stop in context.stops:
        shorter = next(
            (s for s in context.stops if s.value and s.value != stop.value and s.value in stop.value), None
        )
        if shorter is not None:
            yield Finding(
                f"the stop {stop.value!r} has no effect: the stop {shorter.value!r} in line {shorter.line} "
                "is part of it and ends the reply first",
                stop,
            )


RULE = Rule("MK326", check, help="keep the one you want")
