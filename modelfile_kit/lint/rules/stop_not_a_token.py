"""A stop that is not a token of the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator

from ...ollama.special_tokens import Kind, kind_of
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    vocabulary = context.files.vocabulary
    if vocabulary is None:
        return
    for stop in context.stops:
        if kind_of(stop.value) is Kind.CONTROL and vocabulary.special_id_of(stop.value) is None:
            yield Finding(f"the stop {stop.value!r} is not a token of this model", stop)


RULE = Rule(
    "MK320", check, help="remove it, or write the token that ends this model's turns", reads_files=True
)
