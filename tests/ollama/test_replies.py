"""How replies are split; bulk comparisons are in test_recorded.py."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.core.errors import PromptError
from modelfile_kit.ollama.replies import ThinkingParser, split_reply, split_thinking
from modelfile_kit.ollama.reply_types import ToolCall

TOOLS = [{"type": "function", "function": {"name": n}} for n in ("get", "get_weather")]
THINK: dict[str, Any] = {"opening": "<think>", "closing": "</think>", "think": True}


@pytest.mark.parametrize(
    ("text", "thinking", "content"),
    [
        ("<think>\n t </think>\n\n a ", "t ", "a "),
        ("  <think>t</think>a", "t", "a"),
        ("a<think>t</think>", "", "a<think>t</think>"),
        ("<think>open", "open", ""),
        ("<thi", "", ""),
        (" \n", "", ""),
        ("<think></think>a</think>", "", "</think>a</think>"[8:]),
    ],
)
def test_thinking(text, thinking, content):
    if text.startswith("<think></think>"):
        # Nothing between the tags: the closing one is only looked for behind what is no blank.
        thinking, content = "", "a</think>"
    assert split_thinking(text, "<think>", "</think>") == (thinking, content)


def test_a_tag_in_pieces_is_held_back():
    parser = ThinkingParser("<think>", "</think>")
    assert parser.add("<thi") == ("", "")
    assert parser.add("nk>a</th") == ("a", "")
    assert parser.add("ere</think>") == ("</there", "")
    assert parser.add("\n b") == ("", "b")


def test_a_prompt_that_ends_in_thinking():
    assert split_reply("t</think>a", prompt="x<think>\n", **THINK).thinking == "t"
    assert split_reply("t</think>a", prompt="x", **THINK).content == "t</think>a"
    assert split_reply("<think>t</think>a", opening="<think>", closing="</think>").thinking == ""


@pytest.mark.parametrize(
    ("reply", "tag", "calls", "content"),
    [
        ('<c>{"name": "get", "arguments": {"a": 1}}</c>', "<c>", [ToolCall("get", {"a": 1})], ""),
        ('hi <c>{"name": "get", "parameters": {}}', "<c>", [ToolCall("get", {})], "hi "),
        ('{"name": "get_weather", "arguments": {}}', "{", [ToolCall("get_weather", {})], ""),
        ('{"name": "other", "arguments": {}}', "{", [], '{"name": "other", "arguments": {}}'),
        ('text {"name": "get", "arguments": {}}', "{", [], 'text {"name": "get", "arguments": {}}'),
        ("<c>nothing", "<c>", [], ""),
        ("no tag", "<c>", [], "no tag"),
    ],
)
def test_tool_calls(reply, tag, calls, content):
    split = split_reply(reply, tool_tag=tag, tools=TOOLS)
    assert (list(split.tool_calls), split.content) == (calls, content)


def test_without_tools_nothing_is_searched():
    assert split_reply('<c>{"name": "get", "arguments": {}}', tool_tag="<c>").content.startswith("<c>")


def test_by_release():
    reply = '{"get": {"a": 1}}'
    assert split_reply(reply, tools=TOOLS).tool_calls == (ToolCall("get", {"a": 1}),)
    old = split_reply(reply, tools=TOOLS, target="0.12.6")
    assert old.tool_calls == (ToolCall("get", {"get": {"a": 1}}),)


@pytest.mark.parametrize("tool", [{}, {"type": "function"}, {"function": None}, {"function": {"name": None}}])
def test_a_tool_without_a_name_is_one_that_the_server_takes(tool):
    assert split_reply("Yes.", tool_tag="<call>", tools=[tool]).content == "Yes."


@pytest.mark.parametrize(
    "function", ["f", ["f"], {"name": 5}, {"name": "f", "parameters": {"properties": [1]}}]
)
def test_tools_that_the_server_refuses_have_no_reply(function):
    with pytest.raises(PromptError, match=r"tools\[0\]\.function") as refused:
        split_reply("Yes.", tool_tag="<call>", tools=[{"function": function}])
    assert refused.value.status == 400
