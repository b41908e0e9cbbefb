"""A tool printed as a Go struct."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...gotemplate.values.gotypes import GoType, Kind
from .. import probes
from ..context import Context, Place
from ..rule import Finding, Rule

_STRUCT = re.compile(rf"(?<![{{&])[{{&]+(?:\d+ )?(?:[a-z_]* )?{{?{probes.TOOL} ")


def check(context: Context) -> Iterator[Finding]:
    if context.probes is None or context.walk is None or not context.probes.takes_tools:
        return
    probe = next((p for p in context.probes.everywhere("tools") if _STRUCT.search(p.text)), None)
    if probe is None:
        return
    structs = (p for p in context.walk.printed if isinstance(p.type, GoType) and p.type.kind is Kind.STRUCT)
    printed = next((p for p in structs if "String" not in getattr(p.type, "methods", ())), None)
    place: Place = context.place(printed.node) if printed else {}
    found = _STRUCT.search(probe.text)
    shown = probe.text[found.start() : found.start() + 40] if found else ""
    yield Finding(f"a tool or a call is printed as a Go struct: {shown}…", context.template, **place)


RULE = Rule("MK244", check, help="write {{ json .Function }} or {{ json . }}")
