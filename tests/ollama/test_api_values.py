"""Requests as Go decodes them."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit import render_prompt
from modelfile_kit.core.errors import PromptError
from modelfile_kit.ollama.api_values import MAX_JSON_DEPTH, decode_message, json_value


def nested(depth):
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_numbers_are_floats():
    assert json_value({"a": [1, True, None, 2**53 + 1]}) == {"a": [1.0, True, None, 9007199254740992.0]}
    assert all(type(v) is float for v in json_value([1, -0.0, 10**20]))
    for number in (float("inf"), float("nan"), 10**400):
        with pytest.raises(PromptError):
            json_value(number)


def test_keys_without_regard_to_case():
    message = decode_message({"ROLE": "User", "Content": "x", "Tool_Name": "f", "other": 1})
    assert (message.role, message.content, message.tool_name) == ("user", "x", "f")


def test_absent_and_empty_lists_differ():
    assert decode_message({"role": "user"}).images is None
    assert decode_message({"role": "user", "images": 0}).images is None
    assert decode_message({"role": "user", "images": []}).images == ()
    assert decode_message({"role": "user", "images": 2}).image_count == 2
    assert decode_message({"role": "user", "images": ["aGk=", b"x", "a path.png"]}).images == (
        b"hi",
        b"x",
        b"a path.png",
    )


def test_where_a_request_is_wrong():
    with pytest.raises(PromptError, match=r"messages\[1\]\.content is a list"):
        render_prompt("{{ .Messages }}", [{"role": "user"}, {"role": "user", "content": []}])
    with pytest.raises(PromptError, match=r"tools\[0\]\.function\.parameters\.properties\.a\.type"):
        schema = {"properties": {"a": {"type": 1}}}
        tools = [{"function": {"parameters": schema}}]
        render_prompt("{{ .Messages }}{{ .Tools }}", [{"role": "user"}], tools=tools)


def test_deep_nesting_ends_in_a_clear_error():
    call: Any = {"function": {"name": "f", "arguments": {"a": nested(3000)}}}
    template = "{{ range .Messages }}{{ len .ToolCalls }}{{ end }}"
    assert render_prompt(template, [{"role": "assistant", "tool_calls": [call]}]) == "1"
    call["function"]["arguments"]["a"] = nested(MAX_JSON_DEPTH + 1)
    with pytest.raises(PromptError, match="nested too deeply"):
        render_prompt(template, [{"role": "assistant", "tool_calls": [call]}])
