"""pytest-httpserver plays a server with OpenAI's API for faults; real ones are asked in tests/integration."""

from __future__ import annotations

import base64
import json
import re
import socket

import pytest
from werkzeug import Response

from modelfile_kit.core.errors import ServerError, UsageError
from modelfile_kit.runtime.ollama.replies import HalfStreamError, RefusedError
from modelfile_kit.runtime.openai import OpenAIServer, image_part, media_type
from modelfile_kit.vision.colour_images import colour_probes

CHAT = "/v1/chat/completions"
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def events(*objects, done=True):
    text = "".join(f"data: {json.dumps(o)}\n\n" for o in objects)
    return text + ("data: [DONE]\n\n" if done else "")


def piece(text, finish=None):
    return {"choices": [{"delta": {"content": text}, "finish_reason": finish}]}


@pytest.fixture
def server(httpserver):
    with OpenAIServer(httpserver.url_for("/"), patience=5) as client:
        yield client


@pytest.mark.parametrize(
    "url", ["http://box:8080", "http://box:8080/", "http://box:8080/v1", "http://box:8080/v1/"]
)
def test_an_address_with_and_without_v1(url):
    assert OpenAIServer(url).url == "http://box:8080"


@pytest.mark.parametrize("url", ["box:8080", "ftp://box", "http://", "http://box:port", ""])
def test_what_is_no_address(url):
    with pytest.raises(UsageError, match="not the address of a server"):
        OpenAIServer(url)


def test_a_streamed_answer_is_told_in_pieces(httpserver, server):
    usage = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}
    text = events(piece("gr"), piece("een"), piece("", "stop"), usage)
    httpserver.expect_request(CHAT, method="POST").respond_with_data(text)
    told: list[str] = []
    answer = server.chat({**BODY, "stream": True}, told.append)
    assert (answer.content, answer.finish, answer.tokens, answer.prompt_tokens) == ("green", "stop", 2, 9)
    assert told == ["gr", "een"]


def test_a_whole_answer(httpserver, server):
    message = {"message": {"content": "green", "reasoning_content": "hm"}, "finish_reason": "stop"}
    httpserver.expect_request(CHAT, method="POST").respond_with_json({"choices": [message]})
    answer = server.chat(BODY)
    assert (answer.content, answer.thinking) == ("green", "hm")


def test_the_models(httpserver, server):
    httpserver.expect_request("/v1/models").respond_with_json({"data": [{"id": "a"}, {"id": "b"}]})
    assert [m["id"] for m in server.models()] == ["a", "b"]


def test_something_that_is_not_openais(httpserver, server):
    httpserver.expect_request("/v1/models").respond_with_json({"hello": 1})
    with pytest.raises(ServerError) as e:
        server.models()
    assert e.value.code == "MK804"
    assert "the address" in e.value.help


def test_the_key_is_sent_and_asked_for(httpserver, monkeypatch):
    def handler(request):
        known = request.headers.get("Authorization") == "Bearer secret"
        return Response(
            '{"data": []}' if known else '{"error": {"message": "Invalid API Key"}}', 200 if known else 401
        )

    httpserver.expect_request("/v1/models").respond_with_handler(handler)
    url = httpserver.url_for("/")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with (
        OpenAIServer(url) as client,
        pytest.raises(RefusedError, match="Invalid API Key") as e,
    ):
        client.models()
    assert (e.value.code, e.value.status) == ("MK861", 401)
    assert "OPENAI_API_KEY" in e.value.help
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    with OpenAIServer(url) as client:
        assert client.models() == []


def test_too_many_requests_say_how_long_to_wait(httpserver, server):
    httpserver.expect_request(CHAT).respond_with_json(
        {"error": {"message": "slow down"}}, status=429, headers={"Retry-After": "7"}
    )
    with pytest.raises(RefusedError, match="slow down") as e:
        server.chat({**BODY, "stream": True})
    assert (e.value.code, e.value.retry_after) == ("MK890", "7")
    assert "7" in e.value.help


def test_an_error_inside_a_stream(httpserver, server):
    broken = events(piece("gr"), {"error": {"code": 500, "message": "out of slots"}}, done=False)
    httpserver.expect_request(CHAT).respond_with_data(broken)
    with pytest.raises(RefusedError, match="out of slots"):
        server.chat({**BODY, "stream": True})


@pytest.mark.parametrize("end", ["", "data: [DONE]\n\n", 'data: {"choices": [{"del'])
def test_a_stream_that_stops_short(httpserver, server, end):
    httpserver.expect_request(CHAT).respond_with_data(events(piece("gr"), done=False) + end)
    with pytest.raises(HalfStreamError) as e:
        server.chat({**BODY, "stream": True})
    assert e.value.code == "MK805"


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "9" * 10_000], ids=["broken", "nested", "huge"])
def test_arguments_of_a_call_that_are_no_json(httpserver, server, text):
    call = {"function": {"name": "f", "arguments": text}}
    httpserver.expect_request(CHAT).respond_with_json({"choices": [{"message": {"tool_calls": [call]}}]})
    with pytest.raises(ServerError, match="a tool call whose arguments are no JSON") as e:
        server.chat(BODY)
    assert e.value.code == "MK804"
    assert len(e.value.message) < 300


@pytest.mark.parametrize(
    ("reply", "place"),
    [
        ({"choices": "x"}, "choices"),
        ({"choices": [None]}, "choices[0]"),
        ({"choices": [{"delta": "abc"}]}, "delta"),
        ({"choices": [{"message": [1]}]}, "message"),
        ({"choices": [{"message": {"content": [{"type": "text", "text": "hi"}]}}]}, "message.content"),
        ({"choices": [{"delta": {"reasoning_content": 5}}]}, "delta.reasoning_content"),
        ({"choices": [{"message": {"tool_calls": [7]}}]}, "message.tool_calls[0]"),
        ({"choices": [{"message": {"tool_calls": [{"function": "f"}]}}]}, "message.tool_calls[0].function"),
        ({"choices": [], "usage": "many"}, "usage"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_of_another_shape_is_not_taken_for_one(httpserver, server, reply, place, streamed):
    text = events(reply) if streamed else json.dumps(reply)
    httpserver.expect_request(CHAT).respond_with_data(text)
    told: list[str] = []
    with pytest.raises(ServerError) as e:
        server.chat({**BODY, "stream": streamed}, told.append)
    assert e.value.code == "MK804"
    assert re.search(rf"as `\S*{re.escape(place)}`", e.value.message)
    assert told == []


@pytest.mark.parametrize("text", ['{"detail":"Not Found"}', '{"error":{"message":"File Not Found"}}', ""])
def test_a_server_without_openais_api(httpserver, server, text):
    httpserver.expect_request("/v1/models").respond_with_data(text, status=404)
    with pytest.raises(ServerError, match="HTTP 404") as e:
        server.models()
    assert "does not know this call" in e.value.help


def test_nobody_answers():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{s.getsockname()[1]}"
    with OpenAIServer(url) as client, pytest.raises(ServerError, match="no OpenAI-compatible server") as e:
        client.models()
    assert e.value.code == "MK802"
    assert "the address" in e.value.help


def test_an_image_is_a_data_url():
    for probe in colour_probes():
        head, _, text = image_part(probe.bytes)["image_url"]["url"].partition(",")
        assert head == f"data:image/{probe.format.lower()};base64"
        assert base64.b64decode(text) == probe.bytes
    assert media_type(b"GIF89a") == "image/gif"
