"""Nothing stops generation at the end of a turn."""

from __future__ import annotations

from collections.abc import Iterator

from ...gguf_file.vocabulary import KNOWN_ENDS
from ...ollama.special_tokens import special_texts
from .. import probes
from ..context import Context
from ..rule import Finding, Rule

# A line of a role's own: "### Instruction:", "User:".
_HEADER_CHARACTERS = 40


def check(context: Context) -> Iterator[Finding]:
    probe = context.probes["dialogue"] if context.probes else None
    after = probe.between(probes.ANSWER, probes.AGAIN) if probe else None
    if after is None:
        return
    tokens = special_texts(after)
    stops = [s.value for s in context.stops if s.value]
    if any(stop in after for stop in stops):
        return
    if tokens:
        yield from _token(context, tokens)
    elif not stops:
        yield from _plain(context, after)


def _token(context: Context, tokens: list[str]) -> Iterator[Finding]:
    vocabulary = context.files.vocabulary
    if vocabulary is None:
        return  # whether llama.cpp ends there depends on the file
    ends = vocabulary.end_of_generation()
    ids = vocabulary.special_ids_of(tokens)
    if any(token in ends for token in ids.values()):
        return
    first = next((text for text, token in ids.items() if token is not None), None)
    if first is None or any(first in tag for tag in context.reply_tags):
        return  # no token here: another rule's matter; in a tag: a stop would cut replies off
    yield Finding(
        f"this TEMPLATE ends the model's turns with {first!r}, but nothing stops generation there",
        context.template,
        f"write PARAMETER stop {first}",
    )


def _plain(context: Context, after: str) -> Iterator[Finding]:
    header = next((line.strip() for line in after.splitlines() if line.strip()), "")
    if not any(c.isalpha() for c in header) or len(header) > _HEADER_CHARACTERS:
        return
    if any(end in after for end in KNOWN_ENDS):
        return
    yield Finding(
        f"after the model's turn this TEMPLATE writes {header!r} and nothing stops generation there: "
        "the model continues",
        context.template,
        f"write PARAMETER stop {header}",
    )


RULE = Rule("MK322", check)
