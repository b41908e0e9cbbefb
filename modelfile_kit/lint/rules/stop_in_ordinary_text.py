"""A stop that occurs in ordinary replies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule

# A word, a part of one, or a single mark; what a turn begins with ("User:", "###") is none.
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*[.,;!?]?|[^\w\s#<>|\[\]{}]")


def check(context: Context) -> Iterator[Finding]:
    for stop in context.stops:
        text = stop.value.strip(" ")
        if not _WORD.fullmatch(text) or context.is_control(text):
            continue
        what = "a mark" if not text[0].isalnum() else "an ordinary word, or a part of one"
        yield Finding(f"the stop {stop.value!r} is {what}: the first reply that contains it ends there", stop)


RULE = Rule(
    "MK330",
    check,
    help="write the whole text that begins the next turn, as the TEMPLATE has it: <|user|>, User:",
)
