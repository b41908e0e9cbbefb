from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.core.conversation import (
    Conversation,
    conversations_from,
    load_conversations,
    to_huggingface,
)
from modelfile_kit.core.errors import UsageError


def test_huggingface_shape() -> None:
    messages: list[Any] = [
        {"role": "user", "content": "look", "images": 2},
        {
            "role": "assistant",
            "content": "",
            "thinking": "hm",
            "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": {}}}],
        },
        {"role": "tool", "content": "5", "tool_name": "f", "tool_call_id": "1"},
    ]
    assert to_huggingface(messages) == [
        {
            "role": "user",
            "content": [{"type": "image"}, {"type": "image"}, {"type": "text", "text": "look"}],
        },
        {
            "role": "assistant",
            "content": "",
            "reasoning_content": "hm",
            "tool_calls": [{"type": "function", "id": "1", "function": {"name": "f", "arguments": {}}}],
        },
        {"role": "tool", "content": "5", "name": "f", "tool_call_id": "1"},
    ]
    assert messages[0]["content"] == "look", "the input must not be changed"


def test_empty_fields_are_absent_in_the_reference() -> None:
    assert to_huggingface(
        [{"role": "user", "content": "x", "thinking": "", "images": [], "tool_name": ""}]
    ) == [{"role": "user", "content": "x"}]


@pytest.mark.parametrize(
    ("data", "category"),
    [
        ({"messages": [{"role": "user", "content": "x"}]}, "chat"),
        ({"messages": [{"role": "user", "content": "x", "images": 1}]}, "images"),
        ({"messages": [{"role": "user", "content": "x"}], "think": False}, "thinking"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "tools"),
    ],
)
def test_category(data: Any, category: Any) -> None:
    assert Conversation.from_dict(data).category == category


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (None, "missing, expected an object"),
        ([], "a list, expected an object"),
        (5, "a number, expected an object"),
        ({"messages": "hello"}, "a string, expected a list of messages"),
        ({}, "missing, expected a list of messages"),
        ({"messages": [1]}, "message 0 is a number"),
        ({"messages": [{"content": "x"}]}, "message 0: `role` is missing"),
        ({"messages": [{"role": "user", "content": 5}]}, "`content` is a number"),
        ({"messages": [{"role": "user", "content": "", "images": "p.png"}]}, "`images` is a string"),
        ({"messages": [{"role": "user", "images": True}]}, "`images` is a boolean"),
        ({"messages": [{"role": "user", "images": -1}]}, "`images` counts from 0 to 1,000"),
        ({"messages": [{"role": "user", "images": 1_000_000_000}]}, "`images` counts from 0 to 1,000"),
        ({"messages": [{"role": "assistant", "tool_calls": 5}]}, "`tool_calls` is a number"),
        ({"messages": [{"role": "assistant", "tool_calls": {"id": 1}}]}, "`tool_calls` is an object"),
        ({"messages": [], "tools": {}}, "`tools` is an object"),
        ({"messages": [], "think": 3}, "`think` is a number"),
        ({"messages": [], "thinks": True}, "unknown key 'thinks'"),
        ({"messages": [], "tools": [{"type": "function"}, {"role": "user"}]}, "tool 1 has 'role'"),
        ({"messages": [], "tools": [{"role": "user", "messages": []}]}, "tool 0 has 'messages'"),
    ],
)
def test_wrong_shapes_are_named(data: Any, complaint: Any) -> None:
    with pytest.raises(UsageError, match="conversation 'conversation'") as caught:
        Conversation.from_dict(data)
    assert complaint in str(caught.value)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "probe.json"
    message = {"role": "user", "content": "x"}
    for data, ids in [
        ([message], ["probe"]),
        ({"messages": [message]}, ["probe"]),
        ([{"id": "a", "messages": [message]}, {"messages": []}], ["a", "probe-1"]),
    ]:
        path.write_text(json.dumps(data))
        assert [c.id for c in load_conversations(path)] == ids
    for other, what in [
        ({"tokenizer_class": "X", "eos_token": "</s>"}, "a tokenizer's configuration"),
        ({"model": {"type": "BPE"}, "added_tokens": []}, "a tokenizer (JSON)"),
    ]:
        path.write_text(json.dumps(other))
        with pytest.raises(UsageError, match=re.escape(f"this is {what}")) as caught:
            load_conversations(path)
        assert "`mkmodelfile " in caught.value.help
    path.write_text('{"messages": [\n oops')
    with pytest.raises(UsageError) as caught:
        load_conversations(path)
    assert str(caught.value).startswith(f"{path}:2:2: not JSON")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("reasoning_content", "did you mean 'thinking'?"),
        ("name", "did you mean 'tool_name'?"),
        ("image", "did you mean 'images'?"),
        ("contents", "did you mean 'content'?"),
        ("tool_call", "did you mean 'tool_calls'?"),
        ("wibble", "known keys are role, content, thinking, images, tool_calls, tool_name, tool_call_id"),
    ],
)
def test_an_unknown_key_of_a_message_is_told(key: str, said: str) -> None:
    messages = [{"role": "user", "content": "Hi"}, {"role": "user", "content": "x", key: "y"}]
    for data in ({"messages": messages}, [{"id": "a", "messages": messages}], messages):
        with pytest.raises(UsageError) as caught:
            conversations_from(data, default_id="chat")
        assert f"message 1: unknown key {key!r}" in caught.value.message
        assert said in (caught.value.help or "")


def test_an_unknown_key_of_a_conversation_gets_a_suggestion() -> None:
    with pytest.raises(UsageError) as caught:
        Conversation.from_dict({"message": [], "messages": []})
    assert "did you mean 'messages'?" in (caught.value.help or "")
