from __future__ import annotations

import http.client
import json
import re
import socket
from threading import Thread

import pytest

from modelfile_kit.play import server as serving
from modelfile_kit.play.server import MAX_BODY, PlayServer

FACTS = {"title": "<tiny>\u202e", "ways": [], "spoken": {}, "notes": [], "chat_template": "SECRET"}


@pytest.fixture
def server():
    def answer(conversation, reply):
        return {"conversation": conversation, "reply": reply}

    with PlayServer(0, FACTS, answer) as made:
        Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield made
        made.shutdown()


def ask(server, method, path, headers=None, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": f"127.0.0.1:{server.port}", **(headers or {})}.items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders(body)
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response.status, dict(response.getheaders()), data


def post(server, body=b'{"conversation": {}, "reply": ""}', **headers):
    given = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "X-Play-Token": server.token,
        "Origin": f"http://127.0.0.1:{server.port}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return ask(server, "POST", "/answer", given, body)


def test_the_page_and_all_that_it_names_are_served_and_nothing_else(server):
    status, headers, page = ask(server, "GET", "/")
    assert status == 200
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in headers
    named = re.findall(r'(?:src|href)="([^"#:]+)"', page.decode())
    modules = [
        name
        for file in ("main.js", "editor.js", "results.js", "state.js")
        for name in re.findall(r'from "\./([^"]+)"', ask(server, "GET", f"/{file}")[2].decode())
    ]
    assert {"page.css", "play.css", "main.js"} <= set(named)
    assert [name for name in {*named, *modules} if ask(server, "GET", f"/{name}")[0] != 200] == []
    for path in (
        "/index.html",
        "/../server.py",
        "/%2e%2e/server.py",
        "//etc/passwd",
        "/favicon.ico",
        "/answer",
    ):
        assert ask(server, "GET", path)[0] == 404


def test_the_head_of_the_page_is_escaped_and_has_what_is_needed_and_no_more(server):
    page = ask(server, "GET", "/")[2].decode()
    assert "&lt;tiny&gt;" in page
    assert server.token in page
    facts = json.loads(ask(server, "GET", "/facts")[2])
    assert set(facts) == {"title", "ways", "spoken", "no_tokens", "notes"}


@pytest.mark.parametrize(
    "host",
    [
        None,
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.evil.example:{port}",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_name_that_was_made_to_lead_here_is_refused(server, host, method):
    asked = host and host.format(port=server.port)
    status, _, data = (
        post(server, Host=asked) if method == "POST" else ask(server, "GET", "/", {"Host": asked})
    )
    assert status == 421
    assert server.token.encode() not in data


def test_localhost_is_this_server_too(server):
    assert ask(server, "GET", "/", {"Host": f"LOCALHOST:{server.port}"})[0] == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": None}, 200),
        ({"Origin": "http://localhost:{port}"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"X-Play-Token": None}, 403),
        ({"X-Play-Token": "wrong"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Length": str(MAX_BODY + 1)}, 413),
        ({"Content-Length": "9" * 5000}, 413),
        ({"Content-Length": "-1"}, 411),
        ({"Content-Length": None}, 411),
        ({"Transfer-Encoding": "chunked"}, 400),
        ({"Transfer-Encoding": ""}, 400),
        ({"Content-Length": "5, 5"}, 411),
    ],
)
def test_what_is_typed_comes_from_the_page_alone(server, headers, status):
    given = {name: value and value.format(port=server.port) for name, value in headers.items()}
    assert post(server, **given)[0] == status


def test_no_site_is_told_that_it_may_ask(server):
    status, headers, _ = ask(server, "OPTIONS", "/answer", {"Origin": "https://evil.example"})
    assert status >= 400
    assert not [name for name in headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"[" * 100_000, b'{"reply": 1}', b"\xff"])
def test_a_body_of_another_shape_is_refused(server, body):
    assert post(server, body)[0] == 400


def test_an_answer_is_json(server):
    asked = {"conversation": {"messages": ["\u202e<b>"]}, "reply": "\ud800"}
    status, headers, data = post(server, json.dumps(asked).encode())
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(data) == asked
    assert "\u202e" not in data.decode()


def test_a_client_that_is_slow_or_silent_does_not_keep_its_place(server, monkeypatch):
    monkeypatch.setattr(serving._Handler, "timeout", 0.3)
    monkeypatch.setattr(serving, "ARRIVAL", 0.0)
    assert post(server)[0] == 408
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as silent:
        silent.sendall(b"GET / HT")
        assert silent.recv(1000) == b""


def test_a_client_that_sends_a_byte_now_and_then_does_not_keep_its_place(server, monkeypatch):
    monkeypatch.setattr(serving, "HEAD_ARRIVAL", 0.3)
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as slow:
        slow.settimeout(0.02)
        for _ in range(1000):
            try:
                slow.sendall(b"a")
                if slow.recv(1000) == b"":
                    break
            except ConnectionError:
                break
            except TimeoutError:
                continue
        else:
            pytest.fail("it was waited for")
    assert serving.SILENCE > 1


def test_the_body_of_a_question_for_a_page_is_no_second_request(server):
    hidden = f"GET /facts HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    status, headers, data = ask(server, "GET", "/", {"Content-Length": str(len(hidden))}, hidden)
    assert (status, headers["Connection"]) == (400, "close")
    assert data == b"a page is asked for without a body\n"
    assert ask(server, "GET", "/", {"Content-Length": "0"})[0] == 200


@pytest.mark.parametrize(
    ("method", "lines"),
    [
        (method, lines)
        for method in ("GET", "POST")
        for lines in (
            ["Content-Length: 0", "Content-Length: {size}"],
            ["Content-Length: {size}", "content-length: {size}"],
            ["Transfer-Encoding: chunked"],
            ["Content-Length: {size}", "Transfer-Encoding: chunked"],
            ["Content-Length: {size}", "Transfer-Encoding:"],
            ["Content-Length : {size}"],
            ["Content-Length: 0", "no header", "Content-Length: {size}"],
            ["X: 1", " Content-Length: 0", "no header"],
            ["X-Play-Token: {token}", "X-Play-Token: other"],
            ["Origin: http://localhost:{port}", "Origin: https://evil.example"],
            ["Content-Type: text/plain", "Content-Type: application/json"],
        )
    ],
)
def test_a_head_with_two_meanings_is_refused(server, method, lines):
    hidden = f"GET /facts HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n"
    told = {"size": len(hidden), "token": server.token, "port": server.port}
    path = "/" if method == "GET" else "/answer"
    head = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", *(x.format(**told) for x in lines)]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(("\r\n".join(head) + "\r\n\r\n" + hidden).encode())
        answered = connection.makefile("rb").read()
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert answered.count(b"HTTP/1.1 ") == 1  # what comes behind it is not read


def test_too_many_connections_are_turned_away_and_the_place_comes_free_again(server, monkeypatch):
    held = [
        socket.create_connection(("127.0.0.1", server.port), timeout=20)
        for _ in range(serving.MAX_CONNECTIONS)
    ]
    for one in held:
        one.sendall(b"GET / HTTP/1.1\r\n")
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        for _ in range(50):
            ask(server, "GET", "/")
    for one in held:
        one.close()
    for _ in range(200):
        try:
            assert ask(server, "GET", "/")[0] == 200
            break
        except (ConnectionError, http.client.HTTPException):
            continue
    else:
        pytest.fail("no place came free")


def test_an_interrupt_while_a_connection_gets_its_thread_ends_the_server(monkeypatch):
    """The thread has answered and made room already when Ctrl-C comes."""

    class Interrupted(Thread):
        def start(self):
            super().start()
            self.join()
            raise KeyboardInterrupt

    with (
        PlayServer(0, FACTS, lambda conversation, reply: {}) as made,
        socket.create_connection(("127.0.0.1", made.port)) as client,
    ):
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        monkeypatch.setattr("threading.Thread", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            made.handle_request()


def test_only_this_machine_can_reach_it(server):
    assert server.server_address[0] == "127.0.0.1"
