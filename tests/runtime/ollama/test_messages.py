"""Bodies and answers of both APIs, written by hand after Ollama's and OpenAI's documentation."""

from __future__ import annotations

import json

import pytest

from modelfile_kit.core.errors import ServerError
from modelfile_kit.runtime.ollama.client import OllamaServer
from modelfile_kit.runtime.ollama.messages import (
    CHAT,
    OPENAI,
    WAYS,
    Answer,
    Way,
    collect,
    event_lines,
    message_body,
)

USER = [{"role": "user", "content": "hi"}]
WHOLE, STREAMED = Way(OPENAI, False), Way(OPENAI, True)


def test_the_four_ways():
    assert [str(way) for way in WAYS] == [
        "/api/chat",
        "/api/chat, streamed",
        "/v1/chat/completions",
        "/v1/chat/completions, streamed",
    ]


def test_bodies():
    options = {"temperature": 0, "num_predict": 9, "num_ctx": 100}
    chat = message_body(Way(CHAT, False), "m", USER, None, True, options, {"type": "object"})
    assert (chat["think"], chat["options"], chat["format"]) == (True, options, {"type": "object"})
    body = message_body(WHOLE, "m", USER, None, True, options, {"type": "object"})
    assert (body["reasoning_effort"], body["max_tokens"], body["temperature"]) == ("medium", 9, 0)
    assert body["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert not {"think", "options", "format", "num_ctx"} & set(body)
    assert message_body(WHOLE, "m", USER, None, False, None)["reasoning_effort"] == "none"
    assert "reasoning_effort" not in message_body(WHOLE, "m", USER, None, None, None)


def delta(finish=None, **message):
    return {"choices": [{"index": 0, "delta": message, "finish_reason": finish}]}


def test_a_streamed_call_comes_in_pieces_of_one_index():
    first = {"index": 0, "id": "a", "function": {"name": "look", "arguments": '{"x":'}}
    second = {"index": 0, "function": {"arguments": "1}"}}
    other = {"index": 1, "id": "b", "function": {"name": "go", "arguments": "{}"}}
    parts = [delta(reasoning="hm", content=""), delta(tool_calls=[first]), delta(tool_calls=[second, other])]
    usage = {"choices": [], "usage": {"completion_tokens": 7}}
    found = collect(STREAMED, [*parts, delta("tool_calls"), usage], url="u")
    assert found == Answer("", "hm", (("look", {"x": 1}), ("go", {})), "tool_calls", 7, 5)


def test_whole_answers():
    call = {"id": "a", "function": {"name": "look", "arguments": {"x": 1}}}
    message = {"role": "assistant", "content": "a", "thinking": "b", "tool_calls": [call]}
    chat = {"message": message, "done": True, "done_reason": "stop", "eval_count": 3}
    assert collect(Way(CHAT, False), [chat], url="u") == Answer("a", "b", (("look", {"x": 1}),), "stop", 3)
    bad = {"choices": [{"message": {"tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}}]}
    with pytest.raises(ServerError, match="no JSON"):
        collect(WHOLE, [bad], url="u")


def test_events_are_cut_anywhere():
    text = b'data: {"a": 1}\n\n: a comment\n\ndata: {"b": 2}\n\ndata: [DONE]\n\n'
    for size in (1, 3, 100):
        chunks = [text[i : i + size] for i in range(0, len(text), size)]
        assert [json.loads(line) for line in event_lines(chunks)] == [{"a": 1}, {"b": 2}]


def test_an_error_inside_a_stream_of_events(httpserver):
    events = 'data: {"choices": []}\n\ndata: {"error": {"message": "no XML"}}\n\n'
    httpserver.expect_request(OPENAI).respond_with_data(events, content_type="text/event-stream")
    with (
        OllamaServer(httpserver.url_for("/"), patience=5) as server,
        pytest.raises(ServerError, match="no XML"),
    ):
        server.message(STREAMED, "m", USER)
