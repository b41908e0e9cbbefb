"""A stop that has no effect."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    vocabulary, selection = context.files.vocabulary, context.selection
    if len(context.stops) == 1 and selection and selection.stops:
        return  # it keeps away those that create would add
    for stop in context.stops if vocabulary else ():
        if vocabulary and vocabulary.special_id_of(stop.value) in vocabulary.end_of_generation():
            yield Finding(f"the stop {stop.value!r} is not needed: llama.cpp stops there by itself", stop)


RULE = Rule("MK328", check, help="it can be removed", reads_files=True)
