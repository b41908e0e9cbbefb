"""Which parser a name means, and what a reply becomes: cases whose answers follow from Ollama's source."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.core.errors import PromptError, UsageError
from modelfile_kit.ollama.builtin import PARSERS
from modelfile_kit.ollama.parsers import (
    READERS,
    functiongemma,
    known_parsers,
    laguna_calls,
    make_parser,
    read_reply,
)
from modelfile_kit.ollama.reply_types import ToolCall

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {
                "type": "object",
                "required": ["city"],
                "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            },
        },
    }
]
CALL = ToolCall("get_weather", {"city": "Paris", "days": 2})
# What models of each family write: a thought, content, a call.
WRITTEN = json.loads((Path(__file__).parent / "written.json").read_text(encoding="ascii"))


@pytest.mark.parametrize("name", WRITTEN)
def test_a_thought_content_and_a_call_in_pieces_of_every_size(name: str) -> None:
    # Two do not wait for the rest of a tag; the engine gives a control token as one piece.
    tags = "(<[^<>]*[|\uff5c]>)" if name in ("deepseek3", "lfm2-thinking") else "($^)"
    text = WRITTEN[name]
    for size in (1, 2, 3, 7, 50, len(text)):
        pieces: list[str] = []
        for i, part in enumerate(re.split(tags, text)):
            step = len(part) if i % 2 else size
            pieces += [part[at : at + step] for at in range(0, len(part), step)]
        reply = read_reply(name, pieces, tools=TOOLS, think=True)
        assert (reply.thinking, reply.content, reply.tool_calls) == ("a thought", "Hi", (CALL,)), size
        assert reply.error == ""


def test_ministral_looks_for_calls_before_thoughts() -> None:
    written = '[THINK]a thought[/THINK]Hi[TOOL_CALLS]get_weather[ARGS]{"city": "Paris", "days": 2}'
    streamed = read_reply("ministral", [*written], tools=TOOLS)
    assert (streamed.thinking, streamed.content, streamed.tool_calls) == ("a thought", "Hi", (CALL,))
    whole = read_reply("ministral", written, tools=TOOLS)
    assert (whole.thinking, whole.content) == ("", "[THINK]a thought[/THINK]Hi")


def test_every_name_has_its_parser() -> None:
    assert sorted(READERS) == sorted(PARSERS)
    for name, promised in PARSERS.items():
        assert (READERS[name].tools, READERS[name].thinking) == (promised.tools, promised.thinking), name


def test_which_names_a_target_knows() -> None:
    assert set(known_parsers()) == set(PARSERS)
    later = {"cohere", "ornith", "poolside-v1", "nemotron-3.5-nano", "glimmer"}
    assert set(known_parsers(">=0.30")) == set(PARSERS) - later
    assert set(known_parsers("0.30.10")) == set(PARSERS) - later | {"cohere"}
    assert known_parsers("0.24.0") == ()


@pytest.mark.parametrize(
    ("name", "target", "words"),
    [
        ("qwen4", "latest", "no parser of Ollama has the name 'qwen4'"),
        ("glimmer", "0.32.5", "came with Ollama 0.33.0"),
        ("qwen3", "0.24.0", "what Ollama 0.24.0 reads out of replies with a PARSER is not known"),
    ],
)
def test_what_is_not_known_is_an_error(name: str, target: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        make_parser(name, target=target)
    assert caught.value.help


def test_a_refused_reply_keeps_what_was_given_before() -> None:
    reply = read_reply("qwen3", ["Well", ", <tool_call>{}</tool_call>", "more"], tools=TOOLS)
    assert (reply.content, reply.tool_calls, reply.error) == ("Well", (), "empty function name")


def test_half_a_call_at_the_end() -> None:
    half = WRITTEN["glm-4.7"][: -len("</tool_call>")]
    assert read_reply("glm-4.7", half, tools=TOOLS, think=True).tool_calls == (CALL,)
    assert read_reply("glm-4.7", half, tools=TOOLS, think=True, target="0.32.2").tool_calls == ()
    assert read_reply("glm-4.7", half[:-20], tools=TOOLS, think=True).error
    assert read_reply("qwen3", 'x<tool_call>{"name', tools=TOOLS).content == "x"
    coder = 'x<tool_call><function=get_weather><parameter="'
    assert read_reply("qwen3-coder", coder, tools=TOOLS).content == coder
    assert read_reply("qwen3-coder", coder, tools=TOOLS, target="0.34.2").content == "x"


def test_an_endless_thought_is_all_thought() -> None:
    assert read_reply("qwen3-thinking", "so I think").thinking == "so I think"


def test_null_for_arguments_stays_null() -> None:
    written = '<tool_call>{"name": "x", "arguments": null}</tool_call>'
    assert read_reply("qwen3", written).tool_calls == (ToolCall("x", None),)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("functiongemma", "<start_function_call>call:x{a:<escape>}<end_function_call>"),
        ("olmo3", '<function_calls>x(a=")</function_calls>'),
    ],
)
def test_replies_that_end_the_server(name: str, written: str) -> None:
    reply = read_reply(name, written, tools=TOOLS)
    assert reply.crash
    assert reply.error


def test_json_that_is_nested_too_deep_is_said() -> None:
    deep = '<tool_call>{"name": "x", "arguments": {"a": ' + "[" * 200_000
    with pytest.raises(UsageError, match="nested too deep"):
        read_reply("qwen3", deep + "</tool_call>")


def test_calls_are_counted() -> None:
    written = '<tool_call>{"name": "a"}</tool_call><tool_call>{"name": "b"}</tool_call>'
    assert [call.index for call in read_reply("qwen3", [*written]).tool_calls] == [0, 1]


def test_a_character_may_come_in_two_pieces() -> None:
    first, second = (byte.decode("utf-8", "surrogateescape") for byte in (b"\xc3", b"\xa9"))
    assert read_reply("qwen3", [first, second]).content == "\u00e9"


@pytest.mark.parametrize(
    ("name", "last", "think", "thinking"),
    [
        ("qwen3-thinking", None, None, "t"),
        ("qwen3-thinking", None, False, ""),
        ("qwen3-thinking", None, "low", "t"),
        ("qwen3.5", {"role": "assistant", "content": "Well"}, True, ""),
        ("deepseek3", None, None, ""),
        ("deepseek3", None, True, "t"),
        ("gemma4", {"role": "tool", "content": "r"}, True, "t"),
        ("olmo3-think", None, False, "t"),
    ],
)
def test_where_a_reply_begins(name: str, last: dict[str, str] | None, think: Any, thinking: str) -> None:
    assert read_reply(name, "t", last_message=last, think=think).thinking == thinking


MANY = 200_000


@pytest.mark.parametrize(
    ("name", "before", "again", "after"),
    [
        ("functiongemma", "<start_function_call>", "call:", "<end_function_call>"),
        ("functiongemma", "<start_function_call>", "call:a{", "<end_function_call>"),
        ("laguna", "<tool_call>f", "<arg_key>", "</tool_call>"),
        ("laguna", "<tool_call>f", "<arg_key>a</arg_key><arg_value>", "</tool_call>"),
        ("qwen3-coder", "<tool_call>", "<a=", "</tool_call>"),
    ],
)
def test_what_never_closes_in_a_call_is_read_once(name: str, before: str, again: str, after: str) -> None:
    """A search for its end from every opening would take hours."""
    assert read_reply(name, before + again * MANY + after) is not None


def test_calls_are_found_as_by_the_server_s_regular_expressions() -> None:
    """model/parsers/functiongemma.go and laguna.go (Ollama 0.34), of short texts of their marks."""
    call = re.compile(rb"call:([^{]+)\{(.*)\}")
    argument = re.compile(rb"<arg_key>(.*?)</arg_key>[\t\n\f\r ]*<arg_value>(.*?)</arg_value>", re.DOTALL)
    tags = ("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", " ")
    for marks, size in ((("call:", "{", "}", "\n", "a"), 7), (tags, 6)):
        for parts in itertools.product(marks, repeat=size):
            text = "".join(parts).encode()
            if marks is tags:
                assert list(laguna_calls._arguments(text)) == [m.groups() for m in argument.finditer(text)]
            else:
                found = call.search(text)
                assert functiongemma._parts(text) == (found.groups() if found else (b"", b""))


@pytest.mark.parametrize("name", known_parsers())
def test_tools_are_taken_and_refused_as_by_the_server(name: str) -> None:
    assert read_reply(name, "Yes.", tools=[{"function": None}]) == read_reply(name, "Yes.", tools=[{}])
    for function in ("f", {"name": 5}, {"name": "f", "parameters": {"properties": {"a": 5}}}):
        with pytest.raises(PromptError, match=r"tools\[0\]\.function"):
            read_reply(name, "Yes.", tools=[{"function": function}])
