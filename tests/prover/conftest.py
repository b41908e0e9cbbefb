"""What the tests of the probes share: a condition's outcomes, seen and thought possible."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable

import pytest

from modelfile_kit.core.errors import TemplateReferenceError
from modelfile_kit.prover.conversations import plain as conversations
from modelfile_kit.prover.conversations import tools
from modelfile_kit.prover.conversations.features import features
from modelfile_kit.prover.coverage import WatchedReference
from modelfile_kit.prover.reach.branches import reachable

GENERATORS = {
    "chat": conversations.chat,
    "thinking": conversations.thinking,
    "tools": tools.tools,
    "images": conversations.images,
}
# Conversations that a test of one condition looks at.
ENOUGH = 130
Outcomes = tuple[set[object], set[object]]


def outcomes_of(
    template: str, category: str
) -> tuple[WatchedReference, set[tuple[int, int]], set[tuple[int, int]]]:
    """(site, outcome) pairs that generated conversations took, and those thought possible."""
    reference = WatchedReference(template, bos_token="<s>", eos_token="</s>")
    taken: set[tuple[int, int]] = set()
    for probe in itertools.islice(GENERATORS[category](features(reference.tree)), ENOUGH):
        c = probe.conversation
        with contextlib.suppress(TemplateReferenceError):
            reference.render(c.messages, tools=c.tools, think=c.think)
        taken |= reference.hits
    sites = reference.sites
    taken = {(n, min(o, 1) if sites[n].kind == "loop" else o) for n, o in taken}
    possible = reachable(reference.tree, category, len(sites), bos_token="<s>", eos_token="</s>")
    return reference, taken, possible.hits


@pytest.fixture
def truths() -> Callable[[str, str], Outcomes]:
    """Outcomes of one condition on every message `m` of a kind of conversation: taken, possible."""

    def run(condition: str, category: str = "chat") -> Outcomes:
        template = (
            "{% for m in messages %}{% set it = (" + condition + ") %}{% if it %}{% endif %}{% endfor %}"
        )
        reference, taken, possible = outcomes_of(template, category)
        assert taken <= possible
        number = next(s.number for s in reference.sites if s.text == "it")
        return {bool(o) for n, o in taken if n == number}, {bool(o) for n, o in possible if n == number}

    return run


def assert_found(body: str, text: str, outcome: bool, category: str = "chat") -> None:
    """That the condition or loop of this text has this outcome, and that nothing that happens is missed.

    body: stands in a loop over the messages, unless it has one itself.
    """
    template = body if "for m in messages" in body else "{% for m in messages %}" + body + "{% endfor %}"
    reference, taken, possible = outcomes_of(template, category)
    assert any(reference.sites[n].text == text and bool(o) == outcome for n, o in taken)
    assert taken <= possible
