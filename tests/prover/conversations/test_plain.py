"""Candidates are what Ollama can express, and are what they say."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator

import pytest

from modelfile_kit.core.conversation import Conversation, image_count
from modelfile_kit.prover.conversations import mixed, tools
from modelfile_kit.prover.conversations import plain as conversations
from modelfile_kit.prover.conversations.features import OTHER_ROLE, ROLES, Features
from modelfile_kit.prover.conversations.plain import Candidate, role_orders
from modelfile_kit.prover.shrink import expressible

SEEN = Features(
    (*ROLES, "developer", OTHER_ROLE),
    ("<think>", "</think>", "\n"),
    ("python",),
    frozenset({"enable_thinking"}),
    frozenset({"upper"}),
)
KINDS: dict[str, Callable[[Features], Iterator[Candidate]]] = {
    "chat": conversations.chat,
    "thinking": conversations.thinking,
    "tools": tools.tools,
    "images": conversations.images,
}


def probes(kind: str) -> list[Candidate]:
    return [*KINDS[kind](SEEN), *mixed.mixed(kind, SEEN)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_candidate_can_be_sent(kind: str) -> None:
    for probe in probes(kind):
        for messages in (probe.conversation.messages, *probe.instead):
            assert expressible(tuple(messages)), probe.conversation.id
            for m in messages:
                assert isinstance(m["content"], str)
                assert m.get("thinking") != ""
                assert m["role"] == m["role"].lower()


@pytest.mark.parametrize("kind", ["chat", "thinking", "tools"])
def test_candidates_are_of_their_kind(kind: str) -> None:
    order = ("chat", "thinking", "tools", "images")
    for probe in probes(kind):
        c = probe.conversation
        natural = Conversation(c.id, c.messages, c.tools, c.think).category
        assert order.index(natural) <= order.index(kind), c.id


def test_images_are_there() -> None:
    counts = {tuple(map(image_count, p.conversation.messages)) for p in probes("images")}
    assert {(1,), (2,), (1, 0, 0), (0, 0, 1)} <= counts


def test_names_are_unique() -> None:
    for kind in KINDS:
        names = [p.conversation.id for p in probes(kind)]
        assert len(names) == len(set(names)), kind


def test_role_orders() -> None:
    orders = set(role_orders(("user", "tool"), 3))
    assert orders == {
        ("user",), ("tool",), ("user", "tool"), ("tool", "user"), ("tool", "tool"),
        ("user", "tool", "user"), ("tool", "user", "tool"), ("tool", "tool", "tool"),
        ("user", "tool", "tool"), ("tool", "tool", "user"),
    }  # fmt: skip


def test_every_strange_text_stands_in_every_place() -> None:
    strange = ["a", "b", "c", "d", "e", "f", "g"]
    woven = [p.conversation.messages for p in conversations.woven("chat", strange) if p.telling]
    for place in range(6):
        assert {messages[place]["content"] for messages in woven} == set(strange)


def test_the_same_template_gets_the_same_mixture() -> None:
    assert list(mixed.mixed("tools", SEEN)) == list(mixed.mixed("tools", SEEN))
    other = Features(SEEN.roles, ("x",), (), frozenset(), frozenset())
    assert list(mixed.mixed("chat", SEEN)) != list(mixed.mixed("chat", other))


def test_all_think_flags_are_tried() -> None:
    flags = {p.conversation.think for p in probes("thinking")}
    assert flags == {None, True, False}
    assert any(m.get("thinking") for p in probes("thinking") for m in p.conversation.messages)


def test_a_thought_is_always_compared_where_nothing_stands_before_it() -> None:
    firsts = [
        tuple(m["role"] for m in probe.conversation.messages)
        for probe in KINDS["thinking"](SEEN)
        if probe.telling and probe.conversation.messages[0].get("thinking")
    ]
    assert {("assistant",), ("assistant", "user")} <= set(firsts)


def test_pairs_of_roles_are_all_tried() -> None:
    pairs = {
        (a["role"], b["role"])
        for p in probes("tools")
        for a, b in itertools.pairwise(p.conversation.messages)
    }
    assert {("tool", "tool"), ("assistant", "tool"), ("tool", "user"), ("system", "user")} <= pairs


@pytest.mark.parametrize("kind", KINDS)
def test_dated_conversations_are_of_their_kind(kind: str) -> None:
    found = [p.conversation for p in conversations.dated(kind, tools.PLAIN)]
    assert {Conversation(c.id, c.messages, c.tools, c.think).category for c in found} == {kind}
    assert {c.messages[0]["role"] for c in found} == {"user", "system"}


def test_odd_texts_are_said_in_every_role() -> None:
    spaces = "\u3000"
    for role in SEEN.roles:
        said = [
            m for p in probes("tools") + probes("chat") for m in p.conversation.messages if m["role"] == role
        ]
        assert any(spaces in m["content"] for m in said), role


def test_conversations_as_long_as_a_template_counts() -> None:
    counting = dataclasses.replace(SEEN, numbers=(41, 5000))
    found = [p.conversation.messages for p in conversations.chat(counting)]
    assert {40, 41, 42, 43} <= {len(m) for m in found}
    assert {4999, 5000, 5001} <= {len(m["content"]) for messages in found for m in messages}
