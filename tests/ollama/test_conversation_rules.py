"""Merging, picture tags and cutting, on their own."""

from __future__ import annotations

from modelfile_kit.ollama.api_values import ChatMessage
from modelfile_kit.ollama.conversation_rules import (
    collate,
    drop_oldest,
    keep_newest,
    with_image_tags,
    with_system,
)


def chat(*pairs):
    return [ChatMessage(role, text) for role, text in pairs]


def texts(messages):
    return [m.content for m in messages]


def test_collate():
    system, merged = collate(
        chat(("system", "1"), ("system", "2"), ("user", "a"), ("tool", "x"), ("tool", "y")), keep_tools=True
    )
    assert system == "1\n\n2"
    assert texts(merged) == ["1\n\n2", "a", "x", "y"]


def test_image_tags_count_over_the_request():
    messages = [ChatMessage("user", "[img]", images=(b"a", b"b")), ChatMessage("user", "c", images=(b"d",))]
    assert texts(with_image_tags(messages)) == ["[img-1][img-0]", "[img-2]c"]


def test_the_newest_message_is_always_kept():
    conversation = chat(("system", "s"), ("user", "a"), ("user", "b"))
    system, start = drop_oldest(conversation, lambda *_: False)
    assert (texts(system), start) == (["s"], 2)
    system, start = keep_newest(conversation, lambda *_: False, in_place=True)
    assert (texts(system), start) == (["s"], 2)


def test_before_0_15_5_a_system_message_with_pictures_can_be_lost():
    conversation = chat(("user", "a"), ("system", "s"), ("user", "b"), ("user", "c"))
    system, start = keep_newest(conversation, lambda _, pictured: len(pictured) <= 2, in_place=False)
    assert (texts(system), start) == ([], 2)
    system, start = drop_oldest(conversation, lambda _, pictured: len(pictured) <= 2)
    assert (texts(system), start) == (["s"], 2)


def test_a_trial_rendering_can_merge_the_system_texts_for_good():
    """Three texts fill a slice of four, so the last message is appended in place (see the judge)."""
    conversation = chat(("system", "1"), ("user", "a"), ("system", "2"), ("system", "3"), ("user", "b"))
    system, start = drop_oldest(conversation, lambda *_: False)
    assert (texts(system), start) == (["1\n\n2\n\n3", "2", "3"], 4)


def test_system_is_put_first_unless_there_is_one():
    asked = {"role": "user", "content": "Hi"}
    own = {"role": "system", "content": "mine"}
    assert with_system([asked], "S") == [{"role": "system", "content": "S"}, asked]
    assert with_system([own, asked], "S") == [own, asked]
    assert with_system([asked, own], "S")[0]["content"] == "S"
    assert with_system([asked], "") == [asked]
    first = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert with_system([asked], "S", first) == [{"role": "system", "content": "S"}, *first, asked]
    # The request's own first message decides, although MESSAGEs stand before it.
    assert with_system([own, asked], "S", first) == [*first, own, asked]
