"""The request that llama-server gets. That it is Ollama's own is seen in tests/integration."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from modelfile_kit.core.errors import PromptError
from modelfile_kit.ollama.native import native_request

TOOLS = "{{ tools }}"
THINKING = "<think></think>"
USER = {"role": "user", "content": "Hi"}


def test_a_plain_turn() -> None:
    assert native_request("", [USER]) == {"messages": [{"role": "user", "content": "Hi"}]}


def test_neighbours_stay_apart_and_reasoning_is_lost() -> None:
    answer = {"role": "assistant", "content": "b", "thinking": "because"}
    found = native_request("", [USER, USER, answer])["messages"]
    assert [m["role"] for m in found] == ["user", "user", "assistant"]
    assert found[2] == {"role": "assistant", "content": "b"}


@pytest.mark.parametrize(
    ("jinja", "think", "expected"),
    [
        ("", None, None),
        ("", False, {"enable_thinking": False}),
        (THINKING, None, {"enable_thinking": True}),
        (THINKING, True, {"enable_thinking": True}),
        (THINKING, "low", {"enable_thinking": True, "reasoning_effort": "low"}),
    ],
)
def test_thinking(jinja: str, think: Any, expected: dict[str, Any] | None) -> None:
    assert native_request(jinja, [USER], think=think).get("chat_template_kwargs") == expected


@pytest.mark.parametrize(
    "asked", [{"think": True}, {"tools": [{"type": "function", "function": {"name": "f"}}]}]
)
def test_what_ollama_does_not_see_in_the_template_it_refuses(asked: dict[str, Any]) -> None:
    with pytest.raises(PromptError, match="does not support") as e:
        native_request("plain", [USER], **asked)
    assert e.value.status == 400


def test_pictures_come_behind_the_words() -> None:
    [found] = native_request("", [{**USER, "images": 2}])["messages"]
    assert [p["type"] for p in found["content"]] == ["text", "image_url", "image_url"]
    data = found["content"][1]["image_url"]["url"].removeprefix("data:image/png;base64,")
    assert base64.b64decode(data).startswith(b"\x89PNG")
    [silent] = native_request("", [{"role": "user", "content": "", "images": 1}])["messages"]
    assert [p["type"] for p in silent["content"]] == ["image_url"]


def test_calls_and_their_results() -> None:
    arguments = {"z": 1.0, "a": {"y": "<b>", "x": 10**20}, "n": None}
    call = {"id": "c1", "function": {"name": "f", "arguments": arguments}}
    bare = {"function": {"name": "g", "arguments": {}}}
    result = {"role": "tool", "content": "ok", "tool_name": "f", "tool_call_id": "c1"}
    answer = {"role": "assistant", "content": "", "tool_calls": [call, bare]}
    asked, told = native_request("", [answer, result])["messages"]
    first, second = asked["tool_calls"]
    # The request's order for the arguments, Go's alphabetical one inside; Go's escapes.
    text = '{"z":1,"a":{"x":100000000000000000000,"y":"\\u003cb\\u003e"},"n":null}'
    assert first == {
        "id": "c1",
        "index": 0,
        "type": "function",
        "function": {"name": "f", "arguments": text},
    }
    assert second == {"index": 0, "type": "function", "function": {"name": "g", "arguments": "{}"}}
    assert told == {"role": "tool", "tool_call_id": "c1", "name": "f", "content": "ok"}


def test_tools_lose_what_ollama_does_not_know_and_take_its_order() -> None:
    schema = {
        "properties": {
            "z": {"enum": ["b", "a"], "type": ["string"], "default": "b", "description": ""},
            "a": {"type": ["string", "null"], "items": {"b": 1, "a": 2.5}, "properties": {"q": {}}},
        },
        "required": ["z"],
        "additionalProperties": False,
        "type": "object",
    }
    tool = {"function": {"parameters": schema, "name": "f", "strict": True}, "type": "function"}
    [found] = native_request(TOOLS, [USER], tools=[tool])["tools"]
    assert json.dumps(found) == json.dumps(
        {
            "type": "function",
            "function": {
                "name": "f",
                "parameters": {
                    "type": "object",
                    "required": ["z"],
                    "properties": {
                        "z": {"type": "string", "enum": ["b", "a"]},
                        "a": {
                            "type": ["string", "null"],
                            "items": {"a": 2.5, "b": 1},
                            "properties": {"q": {}},
                        },
                    },
                },
            },
        }
    )


def test_what_the_decoder_refuses() -> None:
    with pytest.raises(PromptError, match="expects an object"):
        native_request(TOOLS, [USER], tools=["f"])  # type: ignore[list-item]
    with pytest.raises(PromptError):
        native_request("", [{"role": "user", "content": 5}])
