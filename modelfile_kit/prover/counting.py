"""How many conversations of the proof two ways of rendering get right: the TEMPLATE and native mode.

A proof of a kind ends at the first difference. Where neither of two ways is exact, only the number of
conversations that each of them gets right tells which one is better.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..core.conversation import Conversation
from .comparison import Comparison, RenderingLimitError
from .conversations.features import features
from .conversations.mixed import mixed
from .coverage import Hit
from .prove import attempts, planned

# Candidates of one kind that are rendered in search of further branches; real templates have up to 2,000.
CANDIDATES = 1_000


@dataclass(frozen=True)
class Count:
    """Of `of` conversations of a kind, `template` are right with the TEMPLATE and `native` in native mode."""

    template: int
    native: int
    of: int


def count_right(template: Comparison, native: Comparison, kinds: Sequence[str]) -> dict[str, Count]:
    """Both ways on the same conversations of each kind.

    template, native: one reference, each with what renders it; left out are conversations for which
    `native` expects nothing (see `NativeComparison`) and those that reach a limit by one of them.
    Raises EngineError where llama-server dies.
    """
    found = {}
    for kind in kinds:
        both = [[_is_right(way, *chosen) for way in (template, native)] for chosen in _chosen(native, kind)]
        known = [pair for pair in both if None not in pair]
        by_template, by_native = (sum(pair[n] is True for pair in known) for n in range(2))
        found[kind] = Count(by_template, by_native, len(known))
    return found


def better(counts: Mapping[str, Count]) -> bool:
    """Whether native mode gets more right of some kind and of no kind less."""
    return all(c.native >= c.template for c in counts.values()) and any(
        c.native > c.template for c in counts.values()
    )


def _is_right(
    way: Comparison, conversation: Conversation, texts: list[str], refusal: str | None
) -> bool | None:
    """Whether a way gets a conversation right; None where a limit ends its rendering, which says nothing."""
    try:
        return way.difference(conversation, texts, refusal) is None
    except RenderingLimitError:
        return None


def _chosen(side: Comparison, kind: str) -> Iterator[tuple[Conversation, list[str], str | None]]:
    """Conversations that take other branches than all before, and the mixed ones; what is right for each."""
    seen: set[frozenset[Hit]] = set()
    shape = features(side.reference.tree)
    for candidate in itertools.chain(itertools.islice(planned(kind, shape), CANDIDATES), mixed(kind, shape)):
        for conversation in attempts(candidate):
            try:
                texts, hits, refusal = side.expected(conversation)
            except RenderingLimitError:
                continue
            new = frozenset(hits) not in seen
            seen.add(frozenset(hits))
            if (texts or refusal) and (new or candidate.conversation.id.startswith("mixed")):
                yield conversation, texts, refusal
            if texts:
                break
