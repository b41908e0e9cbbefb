"""An image has no place in the prompt, or the wrong number of places."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    probe = context.probes["images"] if context.probes and context.takes_images else None
    if probe is None or probe.error:
        return
    count = probe.text.count("[img-0]")
    if count != 1:
        what = (
            "leaves out the place of an image"
            if count == 0
            else f"writes the place of an image {count} times"
        )
        yield Finding(f"this TEMPLATE {what}", context.template)


RULE = Rule("MK249", check, help="print the .Content of every message once; the image's place is part of it")
