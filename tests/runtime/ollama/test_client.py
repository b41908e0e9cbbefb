"""pytest-httpserver plays Ollama only for faults and odd replies; the rest is seen on a real server."""

from __future__ import annotations

import base64
import json
import socket
import threading

import pytest
from werkzeug import Request, Response

from modelfile_kit.core.errors import ServerError, UsageError
from modelfile_kit.core.ollama_host import resolve_host
from modelfile_kit.core.urls import is_loopback
from modelfile_kit.runtime.ollama.client import OllamaServer
from modelfile_kit.runtime.ollama.replies import HalfStreamError, RefusedError

USER = [{"role": "user", "content": "hi"}]
LAST = {"done": True, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 2}


def lines(*objects):
    return "".join(json.dumps(o) + "\n" for o in objects)


@pytest.fixture
def server(httpserver):
    with OllamaServer(httpserver.url_for("/"), patience=5) as client:
        yield client


@pytest.fixture
def dying():
    """A server that answers every connection with these bytes and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))
    answer = [b""]

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(answer[0])

    threading.Thread(target=serve, daemon=True).start()
    with OllamaServer(f"127.0.0.1:{listener.getsockname()[1]}", patience=5) as client:
        yield client, answer
    listener.close()


# -- where the server is --------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        "",
        "1.2.3.4",
        ":56789",
        "1.2.3.4:56789",
        "http://1.2.3.4",
        "https://1.2.3.4",
        "https://example.com:56789/path/",
        "example.com",
        "example.com/path",
        "[0001:002:003:0004::1]:56789",
        "[::1]",
    ],
)
def test_the_forms_of_a_host_are_read_as_the_ollama_package_reads_them(given, monkeypatch):
    from ipaddress import ip_address
    from urllib.parse import urlsplit

    from ollama._client import _parse_host

    monkeypatch.setenv("OLLAMA_HOST", given)
    ours, theirs = urlsplit(resolve_host()), urlsplit(_parse_host(given))
    assert (ours.scheme, ours.port, ours.path) == (theirs.scheme, theirs.port, theirs.path)
    if ":" in (theirs.hostname or ""):
        assert ip_address(ours.hostname or "") == ip_address(theirs.hostname or "")
    else:
        assert ours.hostname == theirs.hostname


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("http://0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:11434"),
        ("[::]:8080", "http://[::1]:8080"),
        (' "127.0.0.1:99" ', "http://127.0.0.1:99"),
        ("ollama.com", "https://ollama.com:443"),
        ("HTTP://box:1", "http://box:1"),
    ],
)
def test_an_address_to_bind_to_means_this_machine(given, expected):
    # The rules of ConnectableHost in Ollama 0.33's envconfig/config.go.
    assert resolve_host(given) == expected


def test_the_argument_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "box:1")
    assert resolve_host("other:2") == "http://other:2"
    assert resolve_host() == "http://box:1"


@pytest.mark.parametrize("given", ["127.0.0.1:port", "127.0.0.1:99999", "box:-1", "ftp://box", "box:１"])
def test_a_host_that_is_none_is_refused_with_the_right_form(given):
    with pytest.raises(UsageError) as e:
        resolve_host(given)
    assert "127.0.0.1:11434" in e.value.help


def test_which_addresses_are_this_machine():
    assert is_loopback("http://127.0.0.9:1")
    assert is_loopback("http://[::1]:1")
    assert is_loopback("http://localhost:1")
    assert not is_loopback("http://10.0.0.1:1")


def test_no_proxy_is_asked_for_this_machine(httpserver, server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    httpserver.expect_request("/api/version").respond_with_json({"version": "0.33.0"})
    assert server.version() == "0.33.0"


# -- a server that is not there, or is something else --------------------------------------------


def test_an_unreachable_server_is_said_with_what_to_do():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with OllamaServer(f"127.0.0.1:{port}") as client, pytest.raises(ServerError) as e:
        client.version()
    assert e.value.code == "MK802"
    assert f"127.0.0.1:{port}" in e.value.message
    assert "ollama serve" in e.value.help


def test_html_is_a_proxy_or_another_program(httpserver, server):
    page = "<!DOCTYPE html><html><head><title>Sign in to Corp Wi-Fi</title></head></html>"
    httpserver.expect_request("/api/version").respond_with_data(page, content_type="text/html")
    with pytest.raises(ServerError) as e:
        server.version()
    assert e.value.code == "MK804"
    assert "Sign in to Corp Wi-Fi" in e.value.message
    assert "proxy" in e.value.help


def test_html_with_an_error_status(httpserver, server):
    httpserver.expect_request("/api/show").respond_with_data(
        "<html><title>502 Bad Gateway</title>", status=502
    )
    with pytest.raises(ServerError) as e:
        server.show("m")
    assert e.value.code == "MK804"
    assert "502" in e.value.message
    assert e.value.status == 502


@pytest.mark.parametrize("body", ["not json", "[1]", "null", '"text"', "{" * 100_000])
def test_what_is_no_json_object_is_no_ollama(httpserver, server, body):
    httpserver.expect_request("/api/show").respond_with_data(body)
    with pytest.raises(ServerError) as e:
        server.show("m")
    assert e.value.code == "MK804"
    assert len(e.value.message) < 1000


@pytest.mark.parametrize("answer", [{"name": "other"}, {"version": "9" * 30_000_000}])
def test_a_foreign_json_service_is_no_ollama(httpserver, server, answer):
    httpserver.expect_request("/api/version").respond_with_json(answer)
    with pytest.raises(ServerError) as e:
        server.version()
    assert "is it an Ollama server" in e.value.message


def test_a_redirect_is_not_followed_but_said(httpserver, server):
    httpserver.expect_request("/api/create").respond_with_data(
        "", status=301, headers={"Location": "https://box/api/create"}
    )
    with pytest.raises(ServerError) as e:
        server.create({"model": "m"})
    assert "https://box/api/create" in e.value.message
    assert e.value.code == "MK804"


def test_a_reply_without_end_is_cut_off(httpserver, server, monkeypatch):
    monkeypatch.setattr("modelfile_kit.runtime.ollama.client.MAX_REPLY_BYTES", 1000)
    httpserver.expect_request("/api/show").respond_with_data("x" * 5000)
    with pytest.raises(ServerError) as e:
        server.show("m")
    assert "more than 1000 bytes" in e.value.message


def test_an_error_is_the_servers_own_words(httpserver, server):
    httpserver.expect_request("/api/show").respond_with_json({"error": "disk on fire"}, status=500)
    with pytest.raises(RefusedError) as e:
        server.show("m")
    assert e.value.detail == "disk on fire"
    assert e.value.status == 500
    assert "HTTP 500" in e.value.message
    assert "/api/show" in e.value.message


def test_an_error_object_inside_the_error_text_is_opened(httpserver, server):
    # As Ollama 0.33 passes on llama-server's refusal of a picture.
    inner = json.dumps({"error": {"code": 400, "message": "Multimodal data provided", "type": "x"}})
    httpserver.expect_request("/api/chat").respond_with_json({"error": inner}, status=400)
    with pytest.raises(RefusedError) as e:
        server.chat("m", USER)
    assert e.value.detail == "Multimodal data provided"


def test_a_missing_model_is_no_other_error(httpserver, server):
    httpserver.expect_request("/api/show").respond_with_json({"error": "model 'm' not found"}, status=404)
    assert not server.exists("m")
    with pytest.raises(RefusedError) as e:
        server.show("m")
    assert e.value.code == "MK808"
    assert e.value.message == f"{server.url} has no model 'm'"


def test_a_full_disk_is_advised_upon(httpserver, server):
    httpserver.expect_request("/api/blobs/sha256:00", method="POST").respond_with_json(
        {"error": "write /x: no space left on device"}, status=500
    )
    with pytest.raises(RefusedError) as e:
        server.upload_blob("sha256:00", [b"x"], 1)
    assert "OLLAMA_MODELS" in e.value.help


def test_a_server_that_falls_silent(httpserver):
    stop = threading.Event()

    def handler(_: Request) -> Response:
        stop.wait(10)
        return Response("{}")

    httpserver.expect_request("/api/chat").respond_with_handler(handler)
    with OllamaServer(httpserver.url_for("/"), patience=0.2) as client, pytest.raises(ServerError) as e:
        client.chat("m", USER)
    stop.set()
    assert e.value.code == "MK803"
    assert "/api/chat" in e.value.message


def test_a_server_that_hangs_up_before_it_answers(dying):
    client, _ = dying
    with pytest.raises(ServerError) as e:
        client.show("m")
    assert e.value.code == "MK805"


def test_a_server_that_dies_in_the_middle_of_an_answer(dying):
    client, answer = dying
    piece = lines({"message": {"content": "hel"}, "done": False}).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer[0] = head + f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    with pytest.raises(ServerError) as e:
        client.chat("m", USER)
    assert e.value.code == "MK805"
    assert "log" in e.value.help


# -- streams -----------------------------------------------------------------------------------


def test_the_pieces_of_an_answer_are_put_together(httpserver, server):
    httpserver.expect_request("/api/chat").respond_with_data(
        lines(
            {"message": {"thinking": "hm"}, "done": False},
            {"message": {"content": "gre"}, "done": False},
            {"message": {"content": "en", "tool_calls": [{"function": {"name": "f"}}]}, "done": False},
            {"message": {"content": ""}, **LAST},
        )
    )
    reply = server.chat("m", USER)
    assert (reply.text, reply.thinking, reply.finish_reason) == ("green", "hm", "stop")
    assert (reply.prompt_tokens, reply.completion_tokens) == (7, 2)
    assert reply.raw["tool_calls"] == [{"function": {"name": "f"}}]


def test_generate_reads_its_own_shape(httpserver, server):
    httpserver.expect_request("/api/generate").respond_with_data(
        lines({"response": "o", "done": False}, {"response": "k", **LAST})
    )
    assert server.generate("m", "p", images=[b"x"], system="s").text == "ok"
    sent = json.loads(httpserver.log[0][0].data)
    assert sent["images"] == [base64.b64encode(b"x").decode()]
    assert sent["system"] == "s"


def test_a_stream_that_stops_short(httpserver, server):
    httpserver.expect_request("/api/chat").respond_with_data(lines({"message": {"content": "a"}}))
    with pytest.raises(HalfStreamError) as e:
        server.chat("m", USER)
    assert e.value.code == "MK805"


def test_a_torn_last_line(httpserver, server):
    httpserver.expect_request("/api/create").respond_with_data(lines({"status": "parsing"}) + '{"sta')
    with pytest.raises(ServerError) as e:
        server.create({"model": "m"})
    assert e.value.code == "MK805"


def test_a_last_line_without_its_newline_is_whole(httpserver, server):
    httpserver.expect_request("/api/create").respond_with_data('{"status":"success"}')
    server.create({"model": "m"})


def test_a_create_that_never_says_success(httpserver, server):
    httpserver.expect_request("/api/create").respond_with_data(lines({"status": "writing manifest"}))
    with pytest.raises(ServerError) as e:
        server.create({"model": "m"})
    assert e.value.code == "MK805"


@pytest.mark.parametrize("path", ["/api/create", "/api/push"])
def test_an_error_inside_a_good_stream(httpserver, server, path):
    httpserver.expect_request(path).respond_with_data(
        lines({"status": "parsing GGUF"}, {"error": "invalid file magic"})
    )
    with pytest.raises(RefusedError) as e:
        server.create({"model": "m"}) if path == "/api/create" else server.push("m")
    assert "invalid file magic" in e.value.message


def test_html_in_the_middle_of_a_stream(httpserver, server):
    httpserver.expect_request("/api/create").respond_with_data(
        lines({"status": "parsing"}) + "<html><title>504</title></html>\n"
    )
    with pytest.raises(ServerError) as e:
        server.create({"model": "m"})
    assert e.value.code == "MK804"


def test_an_answer_that_ollama_breaks_off_for_repetition(httpserver, server):
    # Ollama 0.33, llm/llama_server.go: more than 30 times the same token ends the stream without `done`.
    piece = {"message": {"content": "?"}, "done": False}
    httpserver.expect_request("/api/chat").respond_with_data(lines(*[piece] * 31))
    assert server.chat("m", USER).finish_reason == "repeat"


def test_an_endless_line_is_cut_off(httpserver, server, monkeypatch):
    monkeypatch.setattr("modelfile_kit.runtime.ollama.replies.MAX_LINE_BYTES", 1000)
    httpserver.expect_request("/api/chat").respond_with_data("x" * 100_000)
    with pytest.raises(ServerError) as e:
        server.chat("m", USER)
    assert e.value.code == "MK804"


def test_an_endless_answer_is_cut_off(httpserver, server, monkeypatch):
    monkeypatch.setattr("modelfile_kit.runtime.ollama.replies.MAX_ANSWER_CHARS", 1000)
    pieces = [{"message": {"content": str(i)}, "done": False} for i in range(5000)]
    httpserver.expect_request("/api/chat").respond_with_data(lines(*pieces))
    with pytest.raises(ServerError) as e:
        server.chat("m", USER)
    assert e.value.code == "MK840"


# -- what is sent -------------------------------------------------------------------------------


def test_messages_arrive_whole(httpserver, server):
    httpserver.expect_request("/api/chat").respond_with_data(lines({"message": {"content": "x"}, **LAST}))
    calls = [{"id": "c1", "function": {"name": "f", "arguments": {"b": 1, "a": 2}}}]
    messages = [
        {"role": "user", "content": "q", "images": [b"\x89PNG", "QUJD"]},
        {"role": "assistant", "content": "", "thinking": "t", "tool_calls": calls},
        {"role": "tool", "content": "r", "tool_name": "f", "tool_call_id": "c1"},
    ]
    server.chat("m", messages, tools=[{"type": "function"}], think=False, options={"seed": 1})
    sent = json.loads(httpserver.log[0][0].data)
    assert sent["messages"][0]["images"] == [base64.b64encode(b"\x89PNG").decode(), "QUJD"]
    assert sent["messages"][1]["tool_calls"] == calls
    assert sent["messages"][2]["tool_call_id"] == "c1"
    assert (sent["think"], sent["tools"], sent["options"]) == (False, [{"type": "function"}], {"seed": 1})


def test_a_count_of_pictures_is_no_picture(server):
    with pytest.raises(UsageError):
        server.chat("m", [{"role": "user", "content": "q", "images": 1}])


def test_the_options_of_a_request(httpserver, server):
    httpserver.expect_request("/api/chat").respond_with_data(lines({"message": {"content": "x"}, **LAST}))
    options = {"num_predict": 3, "temperature": 0.0}
    assert server.chat("m", USER, options=options).text == "x"
    assert json.loads(httpserver.log[0][0].data)["options"] == options


def test_a_server_without_debug_rendering_is_too_old(httpserver, server):
    httpserver.expect_request("/api/chat").respond_with_json({"message": {"content": "hi"}, "done": True})
    httpserver.expect_request("/api/version").respond_with_json({"version": "0.9.6"})
    with pytest.raises(ServerError) as e:
        server.render("m", USER)
    assert e.value.code == "MK806"
    assert "0.9.6" in e.value.message
    assert "0.11.5" in e.value.message


def test_blobs_are_asked_for_and_sent_with_their_length(httpserver, server):
    httpserver.expect_request("/api/blobs/sha256:aa", method="HEAD").respond_with_data("", status=404)
    httpserver.expect_request("/api/blobs/sha256:bb", method="HEAD").respond_with_data("", status=200)
    httpserver.expect_request("/api/blobs/sha256:cc", method="HEAD").respond_with_data("", status=500)
    httpserver.expect_request("/api/blobs/sha256:aa", method="POST").respond_with_data("", status=201)
    assert not server.has_blob("sha256:aa")
    assert server.has_blob("sha256:bb")
    with pytest.raises(ServerError):
        server.has_blob("sha256:cc")
    server.upload_blob("sha256:aa", iter([b"ab", b"c"]), 3)
    request = httpserver.log[-1][0]
    assert request.data == b"abc"
    assert request.headers["Content-Length"] == "3"


def test_a_name_that_is_deleted_while_the_server_lists_is_no_fault(httpserver, server):
    gone = {"error": "stat /models/manifests/library/m/x: no such file or directory"}
    httpserver.expect_ordered_request("/api/tags").respond_with_json(gone, status=500)
    httpserver.expect_ordered_request("/api/tags").respond_with_json({"models": []})
    assert server.models() == []
