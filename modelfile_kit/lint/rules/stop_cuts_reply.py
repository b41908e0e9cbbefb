"""A stop inside a tag of the reply."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    if context.prompt is None or not context.template_is_used:
        return
    for stop in context.stops:
        for tag, what in context.reply_tags.items():
            if stop.value and stop.value in tag:
                yield Finding(
                    f"the stop {stop.value!r} is part of {tag!r}, the tag of {what}: replies end there", stop
                )
                break


RULE = Rule("MK327", check, help="remove the stop")
