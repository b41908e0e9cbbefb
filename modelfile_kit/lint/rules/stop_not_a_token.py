"""A stop that is not a token of the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator

from ...ollama.special_tokens import looks_control
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    vocabulary = context.files.vocabulary
    for stop in context.stops if vocabulary else ():
        if vocabulary and looks_control(stop.value) and vocabulary.special_id_of(stop.value) is None:
            yield Finding(f"the stop {stop.value!r} is not a token of this model", stop)


RULE = Rule(
    "MK320", check, help="take it out, or write the token at which this model ends a turn", reads_files=True
)
