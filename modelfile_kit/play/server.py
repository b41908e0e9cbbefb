"""The page of `play` over HTTP, for one browser on this machine and nobody else.

It listens on 127.0.0.1 alone. A request has to name this address in Host, or a name that was made to lead
here (DNS rebinding) would be let in. What is typed comes by POST, with a token that only the page knows and
from the page's own Origin; no other site is allowed to read anything (no CORS).
"""

from __future__ import annotations

import html
import io
import json
import math
import re
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ..core.foreign_text import json_text

HOST = "127.0.0.1"
# A conversation that is typed has some thousands of characters (CWE-770).
MAX_BODY = 1_000_000
# Seconds that a client may be silent, and that a request's body and its head may take to arrive.
SILENCE = 15.0
ARRIVAL = 20.0
HEAD_ARRIVAL = 20.0
# A page asks for one thing at a time; a few pages may be open.
MAX_CONNECTIONS = 32

_STATIC = Path(__file__).parent / "static"
_STYLE = Path(__file__).parents[1] / "report" / "page.css"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src blob: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# What says where a request ends and whose it is: it is said once (Host has an answer of its own).
_ONCE = ("content-length", "content-type", "origin", "sec-fetch-site", "x-play-token")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
# What the page needs of what is known of the subject.
_SHOWN = ("title", "ways", "spoken", "no_tokens", "notes")
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}

Answer = Callable[[Any, str], Mapping[str, Any]]


def files() -> dict[str, tuple[Path, str]]:
    """Everything that can be fetched: the path of a request, the file, and its type."""
    found = {f"/{path.name}": path for path in sorted(_STATIC.iterdir()) if path.suffix in _TYPES}
    found["/page.css"] = _STYLE
    found["/"] = found.pop("/index.html")
    return {name: (path, f"{_TYPES[path.suffix]}; charset=utf-8") for name, path in found.items()}


class PlayServer(ThreadingHTTPServer):
    """A server on the loopback address.

    port: 0 for a free one. facts: what the page shows at its head; answer: of a conversation and a reply.
    Raises OSError where the port cannot be used.
    """

    daemon_threads = True

    def __init__(self, port: int, facts: Mapping[str, Any], answer: Answer) -> None:
        self.facts = json_text({key: facts.get(key) for key in _SHOWN}).encode()
        self.answer = answer
        self.token = secrets.token_urlsafe(24)
        self.files = {name: (path.read_bytes(), kind) for name, (path, kind) in files().items()}
        title = html.escape(str(facts.get("title", "")))
        page, kind = self.files["/"]
        text = page.decode().replace("{{token}}", self.token).replace("{{title}}", title)
        self.files["/"] = text.encode(), kind
        self._connections: set[Any] = set()
        super().__init__((HOST, port), _Handler)
        names = {HOST, "localhost"}
        self.hosts = {f"{name}:{self.port}" for name in names} | (names if self.port == 80 else set())
        self.origins = {f"http://{host}" for host in self.hosts}

    @property
    def port(self) -> int:
        """The port that it has."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{HOST}:{self.port}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        """A connection in a thread of its own, as long as there are not too many."""
        if len(self._connections) >= MAX_CONNECTIONS:
            self.shutdown_request(request)
            return
        self._connections.add(request)
        try:
            super().process_request(request, client_address)
        except BaseException:
            # The thread may run already, and forget it too.
            self._connections.discard(request)
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serves a connection and makes room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no error of the server."""


class _Refused(Exception):  # noqa: N818 (an answer, not an error of this process)
    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Arriving(io.RawIOBase):
    """What a client sends, until a moment: a byte now and then keeps no connection from the others."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._silence = connection.gettimeout() or SILENCE
        self.end = math.inf

    def readable(self) -> bool:
        """It is only read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Some bytes, none at the end. Raises TimeoutError behind the moment."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(min(self._silence, left))
        try:
            return self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(self._silence)


class _Handler(BaseHTTPRequestHandler):
    server: PlayServer
    protocol_version = "HTTP/1.1"
    server_version = "mkmodelfile"
    sys_version = ""
    timeout = SILENCE

    def setup(self) -> None:
        """Reads of the connection with an end."""
        super().setup()
        self.rfile.close()
        self._arriving = _Arriving(self.connection)
        self.rfile = io.BufferedReader(self._arriving)

    def handle_one_request(self) -> None:
        """A request, if its head arrives in time."""
        self._arriving.end = time.monotonic() + HEAD_ARRIVAL
        super().handle_one_request()

    def do_GET(self) -> None:
        """The page and what belongs to it."""
        self._guarded(self._get)

    def do_POST(self) -> None:
        """One conversation."""
        self._guarded(self._post)

    def _guarded(self, answer: Callable[[], None]) -> None:
        try:
            self._require_one_meaning()
            self._require_own()
            answer()
        except _Refused as error:
            self.close_connection = True
            self._send(str(error).encode() + b"\n", "text/plain; charset=utf-8", error.status)
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _require_one_meaning(self) -> None:
        """Refuses a head that two readers could take for two things, such as where its body ends.

        RFC 9112 (sections 2.2, 5.1 and 6.3) has a server refuse lines that are no headers, a space before
        the colon, two lengths, and a length beside Transfer-Encoding.
        """
        names = [name.lower() for name in self.headers]
        if self.headers.defects or not all(map(_HEADER_NAME.fullmatch, names)):
            raise _Refused(HTTPStatus.BAD_REQUEST, "a line of the head is no header")
        for name in _ONCE:
            if names.count(name) > 1:
                raise _Refused(HTTPStatus.BAD_REQUEST, f"expected one {name}, found {names.count(name)}")
        if "transfer-encoding" in names:
            raise _Refused(HTTPStatus.BAD_REQUEST, "expected Content-Length in place of Transfer-Encoding")

    def _require_own(self) -> None:
        """Refuses what comes from another site, or by another name than this server's."""
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or hosts[0].strip().lower() not in self.server.hosts:
            raise _Refused(HTTPStatus.MISDIRECTED_REQUEST, f"this server is {self.server.url} alone")
        origin = self.headers.get("Origin")
        if origin is not None and origin not in self.server.origins:
            raise _Refused(HTTPStatus.FORBIDDEN, "another site may not ask this server")
        if self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise _Refused(HTTPStatus.FORBIDDEN, "another site may not ask this server")

    def _get(self) -> None:
        # What nobody reads would be taken for the next request.
        if self.headers.get("Content-Length", "0") != "0":
            raise _Refused(HTTPStatus.BAD_REQUEST, "a page is asked for without a body")
        path = self.path.partition("?")[0]
        if path == "/facts":
            self._send(self.server.facts, "application/json")
            return
        if path not in self.server.files:
            raise _Refused(HTTPStatus.NOT_FOUND, "there is no such page")
        self._send(*self.server.files[path])

    def _post(self) -> None:
        if self.path != "/answer":
            raise _Refused(HTTPStatus.NOT_FOUND, "there is no such page")
        if not secrets.compare_digest(
            self.headers.get("X-Play-Token", "").encode(), self.server.token.encode()
        ):
            raise _Refused(HTTPStatus.FORBIDDEN, "the page is of another call of play: load it again")
        if self.headers.get_content_type() != "application/json":
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "expected application/json")
        try:
            asked = json.loads(self._body())
        except (ValueError, RecursionError):
            raise _Refused(HTTPStatus.BAD_REQUEST, "expected JSON") from None
        if not isinstance(asked, dict) or not isinstance(asked.get("reply", ""), str):
            raise _Refused(HTTPStatus.BAD_REQUEST, "expected an object with conversation and reply")
        answer = self.server.answer(asked.get("conversation"), asked.get("reply", ""))
        self._send(json_text(dict(answer)).encode(), "application/json")

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "expected Content-Length")
        if len(length) > 9 or int(length) > MAX_BODY:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"expected at most {MAX_BODY:,} bytes")
        self._arriving.end = math.inf  # the body has its own end
        missing, parts, end = int(length), [], time.monotonic() + ARRIVAL
        while missing:
            part = self.rfile.read1(missing) if time.monotonic() < end else b""
            if not part:
                raise _Refused(HTTPStatus.REQUEST_TIMEOUT, "the request did not arrive")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _send(self, data: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(data))),
            ("Content-Security-Policy", _POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """What is asked for is seen in the browser."""
