"""Counterexamples become small and stay expressible."""

from __future__ import annotations

from typing import Any

from modelfile_kit.core.conversation import Conversation
from modelfile_kit.prover.conversations import tools
from modelfile_kit.prover.conversations.plain import message
from modelfile_kit.prover.shrink import TRIES_MAX, expressible, shrink


def conversation(*messages: Any, **more: Any) -> Conversation:
    return Conversation("c", tuple(messages), more.get("tools"), more.get("think"))


LARGE = conversation(
    message("system", "one two three"),
    message("user", "some\nlines <x> of text"),
    tools.asked("say", tools.call({"a": 1, "b": None, "c": {"d": [1, "x"]}}), tools.call(), thinking="why"),
    tools.told(),
    message("assistant", "four"),
    message("user", "five", images=2),
    tools=(*tools.PLAIN, *tools.SCHEMAS[0]),
    think=True,
)


def test_one_word_is_left() -> None:
    small = shrink(LARGE, lambda c: any("<x>" in m["content"] for m in c.messages))
    assert small.messages == (message("user", "<x>"),)
    assert (small.tools, small.think) == (None, None)


def test_one_argument_is_left() -> None:
    def differs(c: Conversation) -> bool:
        calls = [call for m in c.messages for call in m.get("tool_calls", ())]
        return any(v is None for call in calls for v in call["function"]["arguments"].values())

    [left] = shrink(LARGE, differs).messages
    assert left["role"] == "assistant"
    assert [c["function"]["arguments"] for c in left["tool_calls"]] == [{"b": None}]


def test_one_property_is_left() -> None:
    def differs(c: Conversation) -> bool:
        schemas = [t["function"]["parameters"]["properties"] for t in c.tools or ()]
        return any(p.get("enum") for s in schemas for p in s.values())

    small = shrink(LARGE, differs)
    assert small.tools is not None
    [tool] = small.tools
    [schema] = tool["function"]["parameters"]["properties"].values()
    assert schema["enum"]
    assert tool["type"] == "function"
    assert tool["function"]["name"]


def test_pairs_that_need_each_other_stay() -> None:
    small = shrink(LARGE, lambda c: [m["role"] for m in c.messages][-2:] == ["assistant", "user"])
    assert [m["role"] for m in small.messages] == ["assistant", "user"]


def test_every_step_is_expressible() -> None:
    def differs(c: Conversation) -> bool:
        assert expressible(c.messages)
        for tool in c.tools or ():
            assert tool["function"].get("description") != ""
            assert all(tool["function"]["parameters"]["properties"].values())
        return len(c.messages) > 1

    assert len(shrink(LARGE, differs).messages) == 2


def test_the_work_is_bounded() -> None:
    asked = 0

    def differs(_: Conversation) -> bool:
        nonlocal asked
        asked += 1
        return asked % 7 == 0

    shrink(LARGE, differs)
    assert asked <= TRIES_MAX


def test_expressible() -> None:
    user, tool = message("user", "a"), message("tool", "b")
    assert expressible((user, tool, tool, user))
    assert not expressible((user, user))
    assert not expressible(())
