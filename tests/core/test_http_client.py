"""What the one client bears and whom it tells a secret: servers that drip, hang, redirect and never end."""

from __future__ import annotations

import ast
import contextlib
import gzip
import math
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpcore._synchronization as httpcore_locks
import httpx
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

import modelfile_kit
from modelfile_kit.core import http_client
from modelfile_kit.core.errors import GGUFError, MissingDependencyError, ServerError, UsageError
from modelfile_kit.core.http_client import Budget, open_client, patience, under
from modelfile_kit.core.interrupts import terminated_as_interrupted
from modelfile_kit.gguf_file import read_header
from modelfile_kit.runtime.ollama.client import OllamaServer
from modelfile_kit.runtime.openai import OpenAIServer

ROOT = Path(modelfile_kit.__file__).parent
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_texts_that_utf_8_cannot_hold_are_sent(httpserver: HTTPServer) -> None:
    heard: list[bytes] = []

    def answer(request: Request) -> Response:
        heard.append(request.get_data())
        assert request.content_type == "application/json"
        return Response("{}")

    httpserver.expect_request("/api/show").respond_with_handler(answer)
    httpserver.expect_request("/v1/x").respond_with_handler(answer)
    with OllamaServer(httpserver.url_for("")) as server:
        for name in ("ü", "\udcff", "\ud83d"):
            server.show(name)
    with OpenAIServer(httpserver.url_for("/v1")) as other:
        other.ask("POST", "/v1/x", {"model": "\udcff"})
    # RFC 8259, 7 and 8.2: an escape may be half of a pair, which receivers read as they like.
    assert heard == [
        '{"model":"ü"}'.encode(),
        *(b'{"model":"%s"}' % name for name in (rb"\udcff", rb"\ud83d", rb"\udcff")),
    ]


def take_request(connection: socket.socket) -> None:
    """Reads a request to its end: what is left unread would break the connection when it is closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    while len(body) < int(length[1] if length else 0):
        body += connection.recv(65536)


@contextlib.contextmanager
def answering(answer: Callable[[socket.socket], object]) -> Iterator[int]:
    """A server that hands each connection, its request read, to a function; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            take_request(connection)
            answer(connection)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def dripping(begin: bytes, drop: bytes = b"a", pause: float = 0.05) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(begin)
        while True:
            connection.sendall(drop)
            time.sleep(pause)

    return answer


BEGINNINGS = [b"HTTP/1.1 200 OK\r\nX: ", HEAD, b"HTTP/1.1 500 No\r\nConnection: close\r\n\r\n"]

ASKING: dict[str, Callable[[int], object]] = {
    "inspect": lambda port: read_header(f"http://127.0.0.1:{port}/m.gguf"),
    "show": lambda port: OllamaServer(f"127.0.0.1:{port}").show("m"),
    "models": lambda port: OllamaServer(f"127.0.0.1:{port}").models(),
    "create": lambda port: OllamaServer(f"127.0.0.1:{port}").create({"model": "m"}),
    "chat": lambda port: OllamaServer(f"127.0.0.1:{port}").chat("m", [{"role": "user", "content": "hi"}]),
    "push": lambda port: OllamaServer(f"127.0.0.1:{port}").push("m"),
    "delete": lambda port: OllamaServer(f"127.0.0.1:{port}").delete("m"),
    "upload": lambda port: OllamaServer(f"127.0.0.1:{port}").upload_blob("sha256:0", [b"a" * 9], 9),
    "openai": lambda port: OpenAIServer(f"http://127.0.0.1:{port}").models(),
}


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("begin", BEGINNINGS)
def test_a_server_that_drips_is_given_up(name: str, begin: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "RATE_SECONDS", 0.4)
    with answering(dripping(begin)) as port, pytest.raises((ServerError, GGUFError)) as e:
        ASKING[name](port)
    assert "expected 100 a second" in e.value.message or "HTTP 500" in e.value.message
    assert e.value.code in ("MK803", "MK402")


@pytest.mark.parametrize("name", sorted(set(ASKING) - {"upload"}))
def test_an_answer_that_never_ends_meets_its_deadline(name: str) -> None:
    # A server that thinks between whole objects is borne, so no rate ends this one.
    line = b'{"status": "pulling"}\n'
    drop = b"%x\r\n%s\r\n" % (len(line), line)
    with patience(deadline=0.5, least_rate=0), answering(dripping(CHUNKED, drop)) as port:
        with pytest.raises((ServerError, GGUFError), match=r"deadline of 0\.5 s") as e:
            ASKING[name](port)
        assert "--deadline" in e.value.help


def test_a_slow_answer_that_is_fast_enough_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "RATE_SECONDS", 0.2)

    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 195\r\n\r\n" + b'{"version": "')
        for _ in range(9):
            connection.sendall(b"12345" * 4)
            time.sleep(0.05)
        connection.sendall(b'"}')

    with answering(answer) as port:
        assert OllamaServer(f"127.0.0.1:{port}").version() == "12345" * 36


def test_between_objects_a_server_may_think(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "RATE_SECONDS", 0.1)

    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for status in ("one", "two", "success"):
            time.sleep(0.3)
            connection.sendall(b'{"status": "%s"}\n' % status.encode())

    told: list[Mapping[str, Any]] = []
    with answering(answer) as port:
        OllamaServer(f"127.0.0.1:{port}").create({"model": "m"}, told.append)
    assert [part["status"] for part in told] == ["one", "two", "success"]


def test_in_the_middle_of_an_object_it_may_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "RATE_SECONDS", 0.2)
    hang = threading.Event()

    def answer(connection: socket.socket) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"status": ')
        hang.wait(10)

    with answering(answer) as port, pytest.raises(ServerError, match="in the middle"):
        OllamaServer(f"127.0.0.1:{port}").create({"model": "m"})
    hang.set()


def test_the_time_that_the_caller_takes_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "RATE_SECONDS", 0.1)
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"a" * 200_000
    with answering(lambda c: c.sendall(whole)) as port:
        client = open_client(f"http://127.0.0.1:{port}", silence=5)
        with client.stream("GET", "/", extensions=under(Budget(1.0))) as reply:
            count = 0
            for part in reply.iter_raw():
                count += len(part)
                if count < 150_000:
                    time.sleep(0.3)
    assert count == 200_000


def test_several_requests_share_a_budget() -> None:
    def answer(connection: socket.socket) -> None:
        time.sleep(0.2)
        connection.sendall(b"HTTP/1.1 204 No\r\n\r\n")

    with answering(answer) as port:
        budget, done = Budget(0.5), 0
        client = open_client(f"http://127.0.0.1:{port}", silence=5, keep=False)
        with pytest.raises(httpx.ReadTimeout, match="deadline"):
            while True:
                client.get("/", extensions=under(budget))
                done += 1
    assert 1 <= done <= 2


def test_the_users_deadline_comes_before_the_kits() -> None:
    with patience(deadline=3):
        assert Budget(60).seconds == Budget(math.inf).seconds == 3
        with patience(least_rate=1):
            assert Budget(60).seconds == 3
    assert Budget(60).seconds == 60


# -- secrets --------------------------------------------------------------------------------------


class Heard:
    """A server that remembers the Authorization of each request, and redirects where it is told to."""

    def __init__(self, httpserver: HTTPServer, path: str) -> None:
        self.heard: list[str | None] = []
        self.to = ""
        httpserver.expect_request(path).respond_with_handler(self)

    def __call__(self, request: Request) -> Response:
        self.heard.append(request.headers.get("Authorization"))
        return Response(b"", 302, headers={"Location": self.to}) if self.to else Response(b"{}", 200)


@pytest.mark.parametrize("secret", [{"key": "sk-secret"}, {"login": ("me", "sk-secret")}])
def test_a_secret_follows_no_redirect_to_another_host(httpserver: HTTPServer, secret: dict[str, Any]) -> None:
    here, there = Heard(httpserver, "/here"), Heard(httpserver, "/there")
    # Another name for this machine, and another port, are other origins.
    here.to = httpserver.url_for("/there").replace("localhost", "127.0.0.1")
    assert here.to != httpserver.url_for("/there")
    with open_client(httpserver.url_for("/"), silence=5, follow=True, **secret) as client:
        client.get("/here")
        client.get(here.to)
        here.to = "/there"
        client.get("/here")
    assert [bool(h) for h in here.heard] == [True, True]
    assert [bool(h) for h in there.heard] == [False, False, True]


@pytest.mark.parametrize("secret", [{"key": "sk-secret"}, {"login": ("me", "sk-secret")}])
def test_a_secret_is_not_written_into_the_open(secret: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="plain HTTP") as e:
        open_client("http://gpu:1", silence=1, **secret)
    assert e.value.code == "MK817"
    assert "sk-secret" not in str(e.value)
    open_client("https://gpu:1", silence=1, **secret).close()
    open_client("http://127.0.0.1:1", silence=1, **secret).close()


def test_ollamas_key_goes_where_it_is_for_alone(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/api/tags").respond_with_json({"models": []})
    httpserver.expect_request("/api/show").respond_with_json({})
    for path in ("/api/delete", "/api/copy"):
        httpserver.expect_request(path).respond_with_data("")
    httpserver.expect_request("/api/create").respond_with_data('{"status": "success"}\n')
    monkeypatch.setenv("OLLAMA_API_KEY", "sk-secret")
    calls: tuple[Callable[[OllamaServer], object], ...] = (
        lambda s: s.models(),
        lambda s: s.show("m"),
        lambda s: s.delete("m"),
        lambda s: s.copy("m", "n"),
        lambda s: s.create({"model": "m"}),
    )
    for named, heard in (("", None), ("localhost", "Bearer sk-secret"), ("other", None)):
        monkeypatch.setenv("OLLAMA_API_KEY_HOST", named)
        httpserver.clear_log()
        with OllamaServer(httpserver.url_for("/")) as server:
            for call in calls:
                call(server)
        assert [r.headers.get("Authorization") for r, _ in httpserver.log] == [heard] * len(calls)


def test_a_login_in_the_address_is_used_and_not_kept_in_it(httpserver: HTTPServer) -> None:
    seen = Heard(httpserver, "/api/show")
    url = httpserver.url_for("/").replace("http://", "http://me:hunter2@")
    with OllamaServer(url) as server:
        server.show("m")
        assert "hunter2" not in server.url
    assert seen.heard == [httpx.BasicAuth("me", "hunter2")._auth_header]


def test_a_proxy_is_asked_for_other_machines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def answer(connection: socket.socket) -> None:
        asked.append(1)
        connection.sendall(b"HTTP/1.1 204 No\r\nConnection: close\r\n\r\n")

    with answering(answer) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with open_client("http://box.invalid:1", silence=5) as client:
            assert client.get("/").status_code == 204
        monkeypatch.setenv("no_proxy", "box.invalid")
        with open_client("http://box.invalid:1", silence=5) as client, pytest.raises(httpx.ConnectError):
            client.get("/")
    assert asked == [1]


# -- no other way out -----------------------------------------------------------------------------

_WAYS = (
    "Client",
    "AsyncClient",
    "get",
    "post",
    "put",
    "head",
    "delete",
    "stream",
    "request",
    "HTTPTransport",
)
_LIBRARIES = {"ollama", "openai", "requests", "aiohttp", "urllib3", "httpcore", "huggingface_hub", "http"}
_ALONE = "core/http_client.py"
# It lists a hub's files, and commits some, through the kit's own transport (tests/sources/test_hub.py,
# tests/packing/test_hub_push.py).
_BRIDGED = {
    "sources/hub.py": ["huggingface_hub"],
    "packing/hub_client.py": ["huggingface_hub"],
}


def ways_out(source: str) -> list[str]:
    """What a module has to reach a server with: libraries it imports, functions of httpx that it calls."""
    found, httpx_names = [], {"httpx"}
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            httpx_names |= {a.asname for a in node.names if a.name == "httpx" and a.asname}
            found += [a.name for a in node.names if a.name.partition(".")[0] in _LIBRARIES]
            found += [a.name for a in node.names if a.name == "urllib.request"]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            module = node.module or ""
            if module == "http.server" or (module, [a.name for a in node.names]) == ("http", ["HTTPStatus"]):
                continue  # a way in, and the numbers of answers
            if module.partition(".")[0] in {*_LIBRARIES, "httpx"} or module == "urllib.request":
                found.append(module)
    ways = {f"{name}.{way}" for name in httpx_names for way in _WAYS}
    calls = (ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))
    return found + [call for call in calls if call in ways]


def test_the_kit_has_one_client() -> None:
    words = ("httpx", "urllib", *_LIBRARIES)
    texts = {p.relative_to(ROOT).as_posix(): p.read_text(encoding="utf-8") for p in ROOT.rglob("*.py")}
    assert ways_out(texts.pop(_ALONE))
    assert {
        name: ways_out(t) for name, t in texts.items() if any(w in t for w in words) and ways_out(t)
    } == _BRIDGED


@pytest.mark.parametrize(
    "source",
    [
        "import ollama",
        "def f():\n    from urllib.request import urlopen",
        "import http.client",
        "import httpx\nhttpx.get('x')",
        "import httpx as h\nwith h.Client() as c:\n    pass",
        "from httpx import Client",
    ],
)
def test_another_way_out_is_found(source: str) -> None:
    assert ways_out(source)


def packed(names: str, body: bytes) -> Callable[[socket.socket], None]:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {names}\r\nContent-Length: {len(body)}\r\n\r\n"
    return lambda connection: connection.sendall(head.encode() + body)


def test_a_packed_answer_comes_in_pieces() -> None:
    data = b"\0" * (64 << 20)
    with (
        answering(packed("gzip", gzip.compress(data))) as port,
        open_client(silence=5) as client,
        client.stream("GET", f"http://127.0.0.1:{port}/") as reply,
    ):
        sizes = [len(piece) for piece in reply.iter_bytes()]
    assert sum(sizes) == len(data)
    assert max(sizes) <= 1 << 20


@pytest.mark.parametrize("names", ["gzip, gzip", "br", "zstd", "deflate", "gzip\r\nContent-Encoding: gzip"])
def test_an_answer_that_is_packed_otherwise_is_refused(names: str) -> None:
    body = gzip.compress(gzip.compress(b"{}"))
    with (
        answering(packed(names, body)) as port,
        open_client(silence=5) as client,
        pytest.raises(httpx.RemoteProtocolError, match="not asked for"),
    ):
        client.get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"a whole answer")[:-9]])
def test_a_damaged_packed_answer_is_no_answer(body: bytes) -> None:
    with (
        answering(packed("gzip", body)) as port,
        open_client(silence=5) as client,
        pytest.raises(httpx.DecodingError, match="gzip"),
    ):
        client.get(f"http://127.0.0.1:{port}/")


def test_no_packing_is_asked_for_that_is_not_read(httpserver: HTTPServer) -> None:
    seen: list[str] = []

    def answer(request: Request) -> Response:
        seen.append(request.headers.get("Accept-Encoding", ""))
        return Response("{}")

    httpserver.expect_request("/").respond_with_handler(answer)
    with open_client(silence=5) as client:
        client.get(httpserver.url_for("/"))
        client.get(httpserver.url_for("/"), headers={"Accept-Encoding": "identity"})
    assert seen == ["gzip", "identity"]


@pytest.mark.parametrize("follow", [True, False])
def test_a_redirect_to_a_name_that_is_none(httpserver: HTTPServer, follow: bool) -> None:
    moved = Response("", status=302, headers={"Location": "https://xn--/"})
    httpserver.expect_request("/").respond_with_response(moved)
    with open_client(silence=5, follow=follow) as client, pytest.raises(httpx.RemoteProtocolError):
        client.get(httpserver.url_for("/"))


@pytest.mark.parametrize("host", ["xn--", "a" * 70, "a..b", "..", "."])
def test_a_name_that_no_host_has(host: str) -> None:
    with pytest.raises(UsageError, match="names an invalid host"):
        open_client(f"http://me:hunter2@{host}:9", silence=1)


@pytest.mark.parametrize(
    "proxy", ["http://me:hunter2/x@box:1", "http://me:12/hunter2@box:1", "me:hunter2#@box:1"]
)
def test_a_proxy_with_a_password_that_is_not_escaped(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    with open_client("http://example.invalid", silence=5) as client, pytest.raises(UsageError) as found:
        client.get("/")
    assert "the proxy in HTTP_PROXY or ALL_PROXY has a user or password" in str(found.value)
    assert "hunter2" not in str(found.value)


def test_a_proxy_that_no_host_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://{'a' * 70}:9")
    with open_client("http://example.invalid", silence=5) as client, pytest.raises(httpx.ConnectError):
        client.get("/")


def test_a_redirect_to_a_name_that_no_host_has() -> None:
    # Over a plain socket: a real server would refuse to send such an address.
    answer = f"HTTP/1.1 302 Found\r\nLocation: http://{'a' * 70}:9/\r\nContent-Length: 0\r\n\r\n".encode()
    with (
        answering(lambda connection: connection.sendall(answer)) as port,
        open_client(f"http://127.0.0.1:{port}", silence=5, follow=True) as client,
        pytest.raises(httpx.ConnectError),
    ):
        client.get("/")


@pytest.mark.parametrize("proxy", ["ftp://me:hunter2@box", "http://me:hunter2@box:port", "http://[::"])
def test_a_proxy_that_is_none(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    with (
        open_client("http://example.invalid", silence=5) as client,
        pytest.raises(httpx.ProxyError, match="the proxy that the environment names") as found,
    ):
        client.get("/")
    assert "hunter2" not in str(found.value)


def test_a_socks_proxy_needs_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:9")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with (
        open_client("http://example.invalid", silence=5) as client,
        pytest.raises(MissingDependencyError) as e,
    ):
        client.get("/")
    assert "SOCKS proxy" in e.value.message
    assert "pip install socksio" in e.value.help


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal that asks a process to end")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_leaves_no_lock_taken(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The signal comes right after httpcore took a lock, each of them in turn; then the client asks again."""
    httpserver.expect_request("/").respond_with_data(b"x" * 100_000)
    locks = (httpcore_locks.Lock, httpcore_locks.ThreadLock)
    taken, wanted = 0, 0

    def take(self: Any) -> Any:
        nonlocal taken
        assert self._lock.acquire(timeout=10), "nobody gave this lock back"
        taken += 1
        if taken == wanted:
            signal.raise_signal(getattr(signal, name))
        return self

    for lock in locks:
        monkeypatch.setattr(lock, "__enter__", take)
    for number in range(1, 1000):
        taken, wanted, interrupted = 0, number, False
        with open_client(httpserver.url_for("/"), silence=30) as client:
            try:
                with terminated_as_interrupted():
                    for _ in range(2):  # the second one by the connection of the first
                        client.get("/")
            except KeyboardInterrupt:
                interrupted = True
            reached, wanted = taken >= number, -1
            assert interrupted == reached
            assert len(client.get("/").content) == 100_000
        if not reached:
            break
    assert 10 < number < 1000
