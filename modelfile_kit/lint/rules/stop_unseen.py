"""A stop that never fires on Ollama 0.30 and later."""

from __future__ import annotations

from collections.abc import Iterator

from ...ollama.special_tokens import way_to_end_at
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    vocabulary = context.files.vocabulary
    if vocabulary is None or not context.newest.has("native_jinja"):
        return
    for stop in context.stops:
        token = vocabulary.id_of(stop.value)
        if token is None or vocabulary.type_of(token) != "control" or token in vocabulary.end_of_generation():
            continue
        yield Finding(
            f"the stop {stop.value!r} is a control token: it never fires on Ollama 0.30 and later",
            stop,
            way_to_end_at(token),
        )


RULE = Rule("MK321", check, reads_files=True)
