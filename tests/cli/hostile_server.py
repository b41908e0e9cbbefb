"""A server that answers what is asked, and now and then something else: by chance, but the same for a seed.

It has the calls of Ollama's and OpenAI's APIs that the kit makes, those of two hubs, and a GGUF file by
ranges at every other path. An odd answer is a right one that was changed: a value of its JSON, its bytes,
status, headers, framing, or its time.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import random
import re
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from werkzeug import Request, Response
from werkzeug.test import EnvironBuilder

from tests.publish.fake_ollama import FakeOllama, answer, lines

COMMIT = "5" * 40
MOST_BYTES = 1 << 20  # of a request; blobs of the micro model are less
_RAW = "@raw@"
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 2**31, 2**63, 2**64, 10**40, "", "x", " ", [], {}, [[]], {"": None}),
    *(
        "x" * 70_000,
        "\ud800",
        "\udcff",
        "\x00",
        "::error::PWNED\n",
        "\x1b]0;PWNED\x07",
        "a\r\n##[error]PWNED\u202e",
    ),
    *(
        "9" * 5000,
        "-1",
        "1e999",
        "NaN",
        "2026-01-01T00:00:00Z",
        "9999-99-99T99:99:99Z",
        "0001-01-01T00:00:00+23:59",
    ),
    *(
        "{{ range",
        "FROM x",
        "sha256:" + "0" * 64,
        "http://me:other@h/x",
        "../../x",
        "m:latest",
        "0.34.4",
        "v99",
    ),
    *([None], ["x"], [1, "a", {}], [{"role": 1}], {"error": "x"}, {"a": {"b": {}}}),
]
RAW = [
    *(
        "9" * 5000,
        "-" + "1" * 400,
        "1e999",
        "-1e999",
        "NaN",
        "Infinity",
        "[" * 50_000 + "]" * 50_000,
        '{"a":' * 3000,
    ),
    *('"\\ud800"', '"\\u0000"', "1.0e-999", "0x10", "'x'", "tru", "", "[1,]", '{"a":1,"a":2}', '"\x01"'),
]
STATUSES = [
    *(
        100,
        101,
        103,
        199,
        201,
        204,
        205,
        206,
        300,
        301,
        302,
        303,
        304,
        307,
        308,
        400,
        401,
        403,
        404,
        405,
        408,
        409,
    ),
    *(413, 416, 418, 429, 500, 501, 502, 503, 504, 599, 600, 700, 999, 0),
]
STATUS_LINES = [
    *(
        b"HTTP/1.1 200\r\n",
        b"HTTP/1.0 200 OK\r\n",
        b"HTTP/2 200 OK\r\n",
        b"HTTP/1.1 abc OK\r\n",
        b"\r\n",
        b"",
    ),
    *(
        b"HTTP/1.1 2000 OK\r\n",
        b"HTTP/1.1 -1 OK\r\n",
        b"\x1b]0;PWNED\x07 200 OK\r\n",
        b"SSH-2.0-x\r\n",
        b"\x15\x03\x01",
    ),
    *(
        b"HTTP/1.1 200 " + b"x" * 200_000 + b"\r\n",
        b"HTTP/1.1 200 \xff\xfe\r\n",
        b"\x00" * 64,
        b"HTTP/9.9 200 OK\r\n",
    ),
]
NUMBERS = [
    "-1",
    "0",
    "1",
    "abc",
    "9" * 30,
    "9" * 5000,
    "1, 2",
    "+5",
    " 7 ",
    "0x10",
    "1e9",
    "",
    "\u00e9",
    "18446744073709551616",
]
DATES = [
    "x",
    "Mon, 99 Foo 2026 00:00:00 GMT",
    "Thu, 01 Jan 99999 00:00:00 GMT",
    "0",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "",
]
HEADERS: dict[str, list[str]] = {
    "Content-Length": NUMBERS,
    "Transfer-Encoding": ["chunked", "gzip", "chunked, chunked", "identity", "\x0bchunked", "x"],
    "Content-Encoding": ["gzip", "deflate", "br", "zstd", "x", "gzip, gzip", "gzip, " * 50 + "gzip"],
    "Content-Type": [
        "text/html",
        "application/json; charset=utf-16",
        "x",
        "text/event-stream",
        "a; charset=\x00",
    ],
    "Content-Range": [
        *(
            "bytes 0-10/10",
            "bytes 5-1/3",
            "bytes */5",
            "bytes 0-0/*",
            "x",
            f"bytes 0-{'9' * 400}/{'9' * 400}",
            "",
        ),
        *("bytes 1-2/3", "bytes 0-65535/1", "items 0-1/2", "bytes 0-4/99999999999999999"),
    ],
    "ETag": ['"a"', 'W/"b"', "", '"\x01"', '"' + "x" * 70_000 + '"', '"\u00e9"'],
    "Last-Modified": DATES,
    "Retry-After": [*NUMBERS, *DATES],
    "Date": DATES,
    "Connection": ["close", "upgrade", "keep-alive, close", "x"],
    "Set-Cookie": ["a=b; Domain=.", "a" * 5000],
    "WWW-Authenticate": ["Basic realm=x", "Digest realm=\x1b[31m", "Bearer", ""],
    "X": ["\x1b[31mPWNED", "x" * 200_000, "a\r\n b", "\u00e9", ""],
    "": ["x", ""],
    "Bad Name": ["x"],
}
CHUNKS = [
    *(
        b"ZZ\r\nx\r\n",
        b"-1\r\n",
        b"ffffffffffffffffff\r\nx\r\n",
        b"5\r\nab",
        b"1\r\nab\r\n",
        b"0\r\n",
        b"5;x=y\r\nhello\r\n",
    ),
    *(b"\r\n", b"1" * 5000 + b"\r\n", b"0\r\nX: y\r\n", b"2\nab\n0\n\n"),
]


@dataclass
class Reply:
    """An answer before it is sent. pieces: the body; each may come after a wait."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    head: bytes | None = None  # the status line, where it is no such line
    raw_body: bytes | None = None  # what is sent as the body, where it is not what the headers say
    close: bool = False
    wait: float = 0.0  # seconds of silence before the answer
    drip: float = 0.0  # seconds between two bytes
    nothing: bool = False

    def set(self, name: str, value: str) -> None:
        """Puts a header in the place of that name."""
        self.headers = [(n, v) for n, v in self.headers if n.lower() != name.lower()]
        self.headers.append((name, value))


class Answers(FakeOllama):
    """The right answers. gguf: the file at other paths."""

    def __init__(self, gguf: bytes) -> None:
        super().__init__(_NoServer(), "0.34.4")
        self.gguf = gguf
        self.models = {
            "some-model:latest": {"template": "{{ .Prompt }}", "files": {"m.gguf": "sha256:" + "0" * 64}}
        }

    def __call__(self, request: Request) -> Response:
        path = request.path
        if path == "/v1/models":
            return answer({"data": [{"id": "some-model", "owned_by": "vllm", "max_model_len": 1000}]})
        if path == "/v1/audio/transcriptions":
            return answer({"text": "hello"})
        if path in ("/v1/chat/completions", "/api/chat"):
            return self.chat(path, json.loads(request.data or b"{}"))
        if path.startswith("/api/v1/models/"):
            files = [{"Path": "m.gguf", "Size": len(self.gguf), "Revision": COMMIT, "Type": "blob"}]
            return answer({"Code": 200, "Success": True, "Data": {"Files": files}})
        if path.startswith("/api/models/") and "/tree/" in path:
            return answer([{"type": "file", "path": "m.gguf", "size": len(self.gguf), "oid": COMMIT}])
        if path.startswith("/api/models/"):
            return answer({"id": "org/repo", "sha": COMMIT, "siblings": [{"rfilename": "m.gguf"}]})
        if path.startswith("/api/") and hasattr(self, "_" + path.split("/")[2]):
            return super().__call__(request)
        return self.file(request)

    def chat(self, path: str, body: dict[str, Any]) -> Response:
        if body.get("_debug_render_only"):
            return answer({"_debug_info": {"rendered_template": "hello", "image_count": 0}})
        said = {"role": "assistant", "content": "red"}
        if path == "/api/chat":
            end = {"done": True, "done_reason": "stop", "eval_count": 2, "prompt_eval_count": 9}
            parts = [
                {"message": said, "done": False},
                {"message": {"role": "assistant", "content": ""}, **end},
            ]
            return lines(parts) if body.get("stream", True) else answer({"message": said, **end})
        usage = {"prompt_tokens": 9, "completion_tokens": 3}
        if not body.get("stream"):
            choice = {"index": 0, "message": said, "finish_reason": "stop"}
            return answer({"choices": [choice], "usage": usage})
        parts = [{"choices": [{"index": 0, "delta": said, "finish_reason": None}]}]
        parts += [
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {"choices": [], "usage": usage},
        ]
        events = "".join(f"data: {json.dumps(part)}\n\n" for part in parts) + "data: [DONE]\n\n"
        return Response(events, content_type="text/event-stream")

    def file(self, request: Request) -> Response:
        found = re.fullmatch(r"bytes=(\d{1,15})-(\d{1,15})", request.headers.get("Range", ""))
        if not found:
            return Response(self.gguf, 200)
        first, last = int(found[1]), min(int(found[2]), len(self.gguf) - 1)
        if first > last:
            return Response(b"", 416)
        headers = {"Content-Range": f"bytes {first}-{last}/{len(self.gguf)}", "ETag": '"1"'}
        return Response(self.gguf[first : last + 1], 206, headers)

    def _push(self, _request: Request, _body: dict[str, Any]) -> Response:
        return lines([{"status": "success"}])


class _NoServer:
    def url_for(self, path: str) -> str:
        return path

    def expect_request(self, _pattern: Any) -> _NoServer:
        return self

    def respond_with_handler(self, _handler: Any) -> None:
        pass


@dataclass
class Plan:
    """What a server does in one case.

    rate: how often an answer is odd; first: answers before that are right; stall: seconds that a silence
    lasts.
    other: the address of another server, to which it may redirect. seen: all that was received.
    """

    chance: random.Random
    answers: Answers
    rate: float = 0.0
    first: int = 0
    stall: float = 0.0
    other: str = ""
    seen: list[bytes] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, head: bytes, body: bytes) -> Reply:
        """The answer to one request."""
        with self.lock:
            self.seen.append(head + b"\r\n\r\n" + body)
            found = self._right(head, body)
            if len(self.seen) > self.first and self.chance.random() < self.rate:
                self.done.append(f"{head.split(b' HTTP')[0].decode('latin-1')}: {mutate(self, found)}")
            return found

    def _right(self, head: bytes, body: bytes) -> Reply:
        first, _, rest = head.partition(b"\r\n")
        method, _, target = first.decode("latin-1").partition(" ")
        headers = [line.partition(": ")[::2] for line in rest.decode("latin-1").split("\r\n") if line]
        path = target.rpartition(" ")[0] or "/"
        made = EnvironBuilder(path=path.partition("?")[0], method=method or "GET", headers=headers, data=body)
        try:
            got = self.answers(made.get_request())
        except (KeyError, AttributeError, ValueError, TypeError, IndexError):
            got = Response(b'{"error": "bad request"}', 400)  # what an odd answer before it has led to
        data = b"" if method == "HEAD" else got.get_data()
        kept = [(n, v) for n, v in got.headers if n.lower() != "content-length"]
        return Reply(got.status_code, [*kept, ("Content-Length", str(len(data)))], data)


def mutate(plan: Plan, reply: Reply) -> str:
    """Makes the answer an odd one; says how."""
    ways: list[Callable[[Plan, Reply], str]] = [
        _json,
        _json,
        _json,
        _json,
        _bytes,
        _status,
        _redirect,
        _header,
    ]
    ways += [_header, _framing, _connection, _line]
    if plan.answers.gguf.startswith(reply.body[:4] or b"-"):
        ways += [_redirect, _redirect, _redirect]  # only such files are followed elsewhere
    said = plan.chance.choice(ways)(plan, reply)
    if plan.chance.random() < 0.1:
        said += ", " + plan.chance.choice(ways)(plan, reply)
    return said


def _resize(reply: Reply, body: bytes) -> None:
    reply.body = body
    reply.set("Content-Length", str(len(body)))


def _json(plan: Plan, reply: Reply) -> str:
    chance = plan.chance
    parts = reply.body.split(b"\n")
    at = chance.randrange(len(parts))
    marked = b"data: " if parts[at].startswith(b"data: ") else b""
    try:
        value = json.loads(parts[at].removeprefix(marked))
    except ValueError:
        return _bytes(plan, reply)
    raw = chance.choice(RAW) if chance.random() < 0.2 else None
    value, where = _changed(chance, value, _RAW if raw is not None else chance.choice(VALUES))
    text = json.dumps(value)
    parts[at] = marked + (text if raw is None else text.replace(f'"{_RAW}"', raw)).encode()
    if chance.random() < 0.1:
        parts.insert(chance.randrange(len(parts) + 1), parts[at])
    _resize(reply, b"\n".join(parts))
    return f"JSON {where}"


def _changed(chance: random.Random, value: Any, odd: Any) -> tuple[Any, str]:
    """The value with one part changed, and which."""
    if not isinstance(value, (dict, list)) or not value or chance.random() < 0.1:
        return odd, f"= {str(odd)!a:.40}"
    key: Any = chance.choice(list(value)) if isinstance(value, dict) else chance.randrange(len(value))
    if chance.random() < 0.08:
        del value[key]
        return value, f"{key} left out"
    inner, where = (
        _changed(chance, value[key], odd) if chance.random() < 0.75 else (odd, f"= {str(odd)!a:.40}")
    )
    value[key] = inner
    return value, f"{key}.{where}"


def _bytes(plan: Plan, reply: Reply) -> str:
    chance, data = plan.chance, bytearray(reply.body)
    at = chance.randrange(len(data) + 1)
    how = chance.choice(["cut", "flip", "insert", "repeat", "empty", "page", "noise", "blank lines"])
    if how == "cut":
        del data[at:]
    elif how == "flip" and at:
        data[at - 1] ^= 1 << chance.randrange(8)
    elif how == "insert":
        data[at:at] = chance.choice(
            [b"\xff", b"\x00", b"\xef\xbb\xbf", b"\n", b"}", b"\x1b[2J", b"\r\n::error::PWNED\n"]
        )
    elif how == "repeat":
        data *= chance.choice([2, 50])
    elif how == "empty":
        data.clear()
    elif how == "page":
        data[:] = b"<html><title>\x1b]0;PWNED\x07 ::error::</title>" + b"x" * chance.choice([0, 100_000])
    elif how == "noise":
        data[:] = chance.randbytes(chance.randrange(300))
    else:
        data[at:at] = b"\n" * chance.choice([1, 5000])
    _resize(reply, bytes(data))
    return f"bytes: {how}"


def _status(plan: Plan, reply: Reply) -> str:
    reply.status = plan.chance.choice(STATUSES)
    if reply.status < 200:
        reply.close = True
    if plan.chance.random() < 0.3:
        error = json.dumps({"error": plan.chance.choice(VALUES)}).encode()
        _resize(reply, error)
    return f"status {reply.status}"


def _redirect(plan: Plan, reply: Reply) -> str:
    reply.status = plan.chance.choice([301, 302, 303, 307, 308, 300])
    other = plan.other or "http://127.0.0.1:9"
    away = [other, other + "/x.gguf", other.replace("127.0.0.1", "localhost"), f"{other}/?sign=other"]
    target = plan.chance.choice(
        away
        if plan.chance.random() < 0.4
        else [
            *(
                "/",
                "/again",
                "",
                "//",
                "x" * 5000,
                "file:///etc/passwd",
                "javascript:alert(1)",
                "http://[::bad/",
            ),
            *(
                "http://me:other@127.0.0.1:9/",
                "http://127.0.0.1:99999/",
                "ftp://127.0.0.1/x",
                "http://\u2603.example/",
            ),
            *(
                "http://127.0.0.1:9\r\nX: y",
                "\x1b]0;PWNED\x07",
                "HTTP://LOCALHOST:9",
                "?",
                "#x",
                "http:///x",
                "\xff",
            ),
        ]
    )
    reply.set("Location", target)
    return f"redirect to {target!a:.60}"


def _header(plan: Plan, reply: Reply) -> str:
    name = plan.chance.choice(list(HEADERS))
    value = plan.chance.choice(HEADERS[name])
    if name == "Content-Encoding" and "gzip" in value and plan.chance.random() < 0.5:
        _resize(reply, gzip.compress(reply.body + plan.chance.choice([b"", b" " * (32 << 20)])))
    if plan.chance.random() < 0.2:
        reply.headers.append((name, value))
    else:
        reply.set(name, value)
    if plan.chance.random() < 0.03:
        reply.headers += [(f"X-{n}", "y") for n in range(500)]
    reply.close = True
    return f"header {name}: {value!a:.40}"


def _framing(plan: Plan, reply: Reply) -> str:
    chance = plan.chance
    size = max(1, len(reply.body) // chance.choice([1, 2, 7]))
    pieces = [reply.body[n : n + size] for n in range(0, len(reply.body), size)]
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces] + [b"0\r\n\r\n"]
    odd = chance.random() < 0.7
    if odd:
        chunks[chance.randrange(len(chunks))] = chance.choice(CHUNKS)
    reply.headers = [(n, v) for n, v in reply.headers if n != "Content-Length" or chance.random() < 0.1]
    reply.headers.append(("Transfer-Encoding", "chunked"))
    reply.raw_body = b"".join(chunks)
    reply.close = odd
    return f"chunks, {'odd' if odd else 'right'}"


def _connection(plan: Plan, reply: Reply) -> str:
    how = plan.chance.choice(
        ["ended before", "ended in the middle", "no length", "100 first", "silent", "slow", "more"]
    )
    reply.close = True
    if how == "ended before":
        reply.nothing = True
    elif how == "ended in the middle":
        reply.raw_body = reply.body[: len(reply.body) // 2]
    elif how == "no length":
        reply.headers = [(n, v) for n, v in reply.headers if n != "Content-Length"]
    elif how == "100 first":
        reply.head = b"HTTP/1.1 100 Continue\r\n\r\n" * plan.chance.choice([1, 3, 1000])
    elif how == "silent" and plan.chance.random() < 0.2:
        reply.wait = plan.stall
    elif how == "slow" and plan.chance.random() < 0.2:
        reply.drip = plan.stall / 40
    else:
        reply.raw_body = reply.body + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        reply.close = False
    return f"connection: {how}"


def _line(plan: Plan, reply: Reply) -> str:
    reply.head = plan.chance.choice(STATUS_LINES)
    reply.close = True
    return f"status line {reply.head!a:.40}"


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.settimeout(60)
        with contextlib.suppress(OSError, ValueError):
            while asked := self._request():
                reply = self.server.plan.reply(*asked)  # type: ignore[attr-defined]
                self._send(reply)
                if reply.close:
                    return

    def _request(self) -> tuple[bytes, bytes] | None:
        data = bytearray()
        while (end := data.find(b"\r\n\r\n")) < 0:
            if not (part := self.request.recv(65536)) or len(data) > MOST_BYTES:
                return None
            data += part
        head, body = bytes(data[:end]), data[end + 4 :]
        if found := re.search(rb"(?im)^content-length: *(\d{1,9})", head):
            while len(body) < int(found[1]) and (part := self.request.recv(65536)):
                body += part
        elif re.search(rb"(?im)^transfer-encoding: *chunked", head):
            while not body.endswith(b"0\r\n\r\n") and (part := self.request.recv(65536)):
                body += part
        return head, bytes(body)

    def _send(self, reply: Reply) -> None:
        if reply.wait:
            time.sleep(reply.wait)
        if reply.nothing:
            return
        line = f"HTTP/1.1 {reply.status} X\r\n".encode()
        if reply.head is not None:
            line = reply.head + (line if reply.head.startswith(b"HTTP/1.1 100 C") else b"")
        headers = "".join(f"{name}: {value}\r\n" for name, value in reply.headers).encode(
            "latin-1", "replace"
        )
        body = reply.body if reply.raw_body is None else reply.raw_body
        data = line + headers + b"\r\n" + body
        if not reply.drip:
            self.request.sendall(data)
            return
        until = time.monotonic() + 40 * reply.drip
        for n in range(len(data)):
            if time.monotonic() > until:
                return
            self.request.sendall(data[n : n + 1])
            time.sleep(reply.drip)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    plan: Plan

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextlib.contextmanager
def hostile_server() -> Iterator[_Server]:
    """A running server; its `plan` has to be set."""
    server = _Server(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def address(server: _Server) -> str:
    """Host and port."""
    return f"127.0.0.1:{server.server_address[1]}"
