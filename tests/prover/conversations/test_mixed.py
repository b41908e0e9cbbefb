"""Random mixtures: enough of everything in them."""

from __future__ import annotations

import pytest

from modelfile_kit.core.conversation import image_count
from modelfile_kit.prover.conversations.features import ROLES, Features
from modelfile_kit.prover.conversations.mixed import COUNT, mixed

SEEN = Features(ROLES, ("<think>", "</think>"), ("python",), frozenset(), frozenset())


@pytest.mark.parametrize("kind", COUNT)
def test_as_many_as_said_and_all_compared(kind: str) -> None:
    found = list(mixed(kind, SEEN))
    assert len(found) == COUNT[kind]
    assert all(p.telling and p.conversation.category == kind for p in found)


def test_everything_of_the_kind_occurs() -> None:
    found = [p.conversation for p in mixed("tools", SEEN)]
    messages = [m for c in found for m in c.messages]
    assert {m["role"] for m in messages} == set(ROLES)
    assert {c.think for c in found} == {None, True, False}
    assert {bool(c.tools) for c in found} == {True, False}
    assert any(len(m.get("tool_calls", ())) > 1 for m in messages)
    assert any(m.get("thinking") for m in messages)
    assert any("</think>" in m["content"] for m in messages)


def test_images_only_with_the_user() -> None:
    messages = [m for p in mixed("images", SEEN) for m in p.conversation.messages]
    assert any(image_count(m) > 1 for m in messages)
    assert all(m["role"] == "user" for m in messages if image_count(m))


def test_plain_chat_has_nothing_else() -> None:
    for p in mixed("chat", SEEN):
        assert p.conversation.tools is None
        assert p.conversation.think is None
        assert all(set(m) == {"role", "content"} for m in p.conversation.messages)
