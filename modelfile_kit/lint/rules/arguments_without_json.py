"""Tool arguments printed as a Go map."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule

# Of the probe: the arguments themselves, and an object among them.
_MAPS = ("map[more:", "map[q_key:")


def check(context: Context) -> Iterator[Finding]:
    if context.probes is None or not context.probes.takes_tools:
        return
    if any(m in probe.text for probe in context.probes.everywhere("tools") for m in _MAPS):
        yield Finding("arguments or parameters of a tool are printed as a Go map, `map[…]`", context.template)


RULE = Rule("MK245", check, help="write {{ json .Function.Arguments }}")
