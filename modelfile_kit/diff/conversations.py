"""Which conversations two sides are compared by: the prover's, made for what both templates look at."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

from ..core.errors import TemplateReferenceError
from ..prover.conversations.features import (
    LENGTH_MAX,
    MARKERS_MAX,
    NUMBERS_MAX,
    OTHER_ROLE,
    ROLES,
    Features,
    features,
)
from ..prover.conversations.mixed import mixed
from ..prover.conversations.plain import Candidate
from ..prover.coverage import WatchedReference
from ..prover.prove import planned

ON_SERVER = 32
"""Planned conversations of a kind that a server is asked for; the mixed ones come on top."""

LENGTH_ON_SERVER = 2_000
"""Characters of a conversation that a server is asked for: longer ones may be cut to its context."""

# What does not close goes on to the end: it is not searched again from each mark in it.
_ACTIONS = re.compile(r"\{\{.*?(?:\}\}|\Z)", re.DOTALL)
_TEXTS = re.compile(r'"((?:[^"\\]|\\.|\\\Z)*)(?:"|\Z)|`([^`]*)(?:`|\Z)', re.DOTALL)
_NUMBERS = re.compile(r"(?<![\w.\"])\d{1,5}(?![\w.\"])")


def conversations(kind: str, seen: Features, *, few: bool) -> Iterator[Candidate]:
    """The candidates of a kind, simplest first. few: those that tell most, for a server."""
    if not few:
        return itertools.chain(planned(kind, seen), mixed(kind, seen))
    telling = (c for c in planned(kind, seen) if c.telling and _short(c))
    return itertools.chain(itertools.islice(telling, ON_SERVER), filter(_short, mixed(kind, seen)))


def features_of(jinja: Iterable[str], golang: Iterable[str]) -> Features:
    """What all of these templates look at together; one that does not compile adds nothing."""
    found = [*map(_of_go, golang)]
    for text in jinja:
        try:
            found.append(features(WatchedReference(text, bos_token="", eos_token="").tree))
        except TemplateReferenceError:
            continue
    return _together(found)


def _short(candidate: Candidate) -> bool:
    texts = (str(m.get("content") or "") for m in candidate.conversation.messages)
    return sum(map(len, texts)) <= LENGTH_ON_SERVER


def _of_go(template: str) -> Features:
    """A Go template can only compare texts and numbers with those that it holds."""
    actions = _ACTIONS.findall(template)
    texts = list(dict.fromkeys(a or b for action in actions for a, b in _TEXTS.findall(action)))
    roles = [t for t in texts if re.fullmatch(r"[a-z_]+", t) and t not in ROLES]
    numbers = [int(n) for action in actions for n in _NUMBERS.findall(_TEXTS.sub("", action))]
    variables = {"reasoning_effort"} if ".ThinkLevel" in template else set()
    counts = tuple(dict.fromkeys(n for n in numbers if 3 < n <= LENGTH_MAX))
    return Features(
        (*ROLES, *roles, OTHER_ROLE),
        (),
        tuple(t for t in texts if t),
        frozenset(variables),
        frozenset(),
        counts[:NUMBERS_MAX],
    )


def _together(found: list[Features]) -> Features:
    def unique(every: Iterable[Iterable[str]]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(itertools.chain.from_iterable(every)))

    roles = [r for r in unique(f.roles for f in found) if r not in ROLES and r != OTHER_ROLE]
    numbers = tuple(dict.fromkeys(itertools.chain.from_iterable(f.numbers for f in found)))
    markers = unique(f.markers for f in found)
    return Features(
        (*ROLES, *roles, OTHER_ROLE),
        markers[: 2 * MARKERS_MAX],
        unique(f.literals for f in found),
        frozenset().union(*(f.variables for f in found)),
        frozenset().union(*(f.keys for f in found)),
        numbers[: 2 * NUMBERS_MAX],
        unique([markers[2 * MARKERS_MAX :], *(f.rare for f in found)]),
    )
