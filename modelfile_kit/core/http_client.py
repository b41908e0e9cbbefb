"""The only HTTP client of the kit: what it waits for, and whom it tells a secret.

Every answer has a deadline and a minimum rate, every secret one origin. Waiting is counted where the kit
waits, in reads and writes of the connection, so that a busy or paused machine is not taken for a slow server.

httpx bounds the silence between two bytes alone: a server that sends one a second is never silent. Its
transport is therefore made here, of httpcore's connection pools and a network of our own below them. An
interrupt reaches httpcore only where it waits for the network: its locks would stay taken otherwise.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .api_keys import require_private, require_sendable
from .errors import MissingDependencyError, UsageError
from .interrupts import Held, let_in
from .urls import is_loopback, origin, require_closed_login, shown_url

if TYPE_CHECKING:
    import httpcore
    import httpx

Owner = TypeVar("Owner", bound="ClientOwner")
Result = TypeVar("Result")

CONNECT_SECONDS = 10.0  # a server that accepts no connection by then does not run
DEADLINE_SECONDS = 6 * 3600.0  # one answer; the longest real ones are a quantization or a push
LEAST_RATE = 100.0  # bytes a second; the slowest mobile line has ten times that
RATE_SECONDS = 30.0  # the rate is judged over that long: a train in a tunnel is no slow server
UNPACKED_BYTES = 1 << 20  # one piece of a compressed answer: callers bound what they take between two of them
WRITE_BYTES = 1 << 16  # one write; the rate is looked at between two of them


@dataclass(frozen=True)
class Patience:
    """What the user bears; None for the kit's own.

    deadline: seconds for one answer; for a file, for all of it. least_rate: bytes a second while one comes.
    """

    deadline: float | None = None
    least_rate: float | None = None


_PATIENCE: ContextVar[Patience] = ContextVar("patience", default=Patience())  # noqa: B039 -- frozen


@contextlib.contextmanager
def patience(deadline: float | None = None, least_rate: float | None = None) -> Iterator[None]:
    """What every client that is opened inside bears; None leaves it as it is."""
    before = _PATIENCE.get()
    token = _PATIENCE.set(
        Patience(
            before.deadline if deadline is None else deadline,
            before.least_rate if least_rate is None else least_rate,
        )
    )
    try:
        yield
    finally:
        _PATIENCE.reset(token)


def as_patient(function: Callable[..., Result]) -> Callable[..., Result]:
    """The function as another process is to call it: bearing what is borne here."""
    return partial(_bearing, _PATIENCE.get(), function)


def _bearing(borne: Patience, function: Callable[..., Result], *arguments: Any) -> Result:
    with patience(borne.deadline, borne.least_rate):
        return function(*arguments)


class Budget:
    """The seconds that may be waited in all; several requests can share one.

    seconds: of the kit; the user's own deadline comes before it.
    """

    def __init__(self, seconds: float = DEADLINE_SECONDS) -> None:
        chosen = _PATIENCE.get().deadline
        self.seconds = seconds if chosen is None else chosen
        self.waited = 0.0


def under(budget: Budget) -> dict[str, Any]:
    """The `extensions` of a request that has to end within the budget."""
    return {"budget": budget}


def open_client(
    url: str = "",
    *,
    silence: float,
    login: tuple[str, str] | None = None,
    key: str = "",
    lines: bool = False,
    follow: bool = False,
    trusting: bool = False,
    keep: bool = True,
) -> httpx.Client:
    """A client for one server.

    url: of the server, without a login. silence: seconds without a byte that are borne while nothing of an
    answer, or of an object of it, has come. login: user and password; key: a bearer token; both go to the
    origin of the url alone, also through redirects. lines: the answer is JSON, one object a line or one in
    all, between which a server may think. follow: redirects are followed. trusting: certificates are not
    looked at (for this machine). keep: connections are used again.

    Raises UsageError for a secret that would go over plain HTTP to another machine (MK817), for one that no
    header can hold, a login that is not escaped, and a name that no host has.
    """
    import httpx

    require_closed_login(url, "the address of the server")
    # With a login before it, what follows is shown as of an address that had one.
    shown = shown_url(url.replace("://", "://_@", 1) if login else url)
    _require_host_name(url, shown)
    if key or login:
        require_private(url, "the API key" if key else "the user and password of the address", shown)
    if key:
        require_sendable(key, "the API key")
    return httpx.Client(
        base_url=url,
        follow_redirects=follow,
        timeout=httpx.Timeout(silence, connect=min(silence, CONNECT_SECONDS)),
        transport=open_transport(lines=lines, trusting=trusting, keep=keep),
        auth=_signer(url, login, key),
        trust_env=False,  # proxies are looked up by the transport
    )


def json_request(body: Mapping[str, Any] | None) -> dict[str, Any]:
    """A JSON body, as arguments of a client's request; none for None.

    A command line that is not UTF-8, and JSON with half a surrogate pair, give texts that UTF-8 cannot hold.
    They go as JSON's escapes, which Go reads as U+FFFD.
    """
    if body is None:
        return {}
    write = partial(json.dumps, body, separators=(",", ":"), allow_nan=False)
    try:
        content = write(ensure_ascii=False).encode()
    except UnicodeEncodeError:
        content = write().encode()
    return {"content": content, "headers": {"Content-Type": "application/json"}}


def _require_host_name(url: str, shown: str) -> None:
    """Raises UsageError for a name that no host can have (`xn--`, `a..b`): libraries fail otherwise of it."""
    import httpx

    try:
        address = httpx.URL(url)
        _ = address.host
        address.raw_host.decode("ascii").rstrip(".").encode("idna")
        empty = address.raw_host in (b".", b"..")
    except UnicodeError as e:
        raise _no_host(shown, str(e)) from e
    if empty:
        raise _no_host(shown, "it is empty")


def _no_host(shown: str, why: str) -> UsageError:
    return UsageError(f"{shown} names an invalid host: {why[:200]}", help="check the address")


def open_transport(*, lines: bool = False, trusting: bool = False, keep: bool = True) -> httpx.BaseTransport:
    """What sends the requests of such a client, for a library that makes its own.

    The arguments are as of `open_client`; secrets are that library's affair.
    """
    return cast("httpx.BaseTransport", _Transport(lines=lines, trusting=trusting, keep=keep))


class ClientOwner:
    """Whoever asks one server: a context manager whose connections end with it.

    _http: the client, a cached property, so that none is made by asking nothing.
    """

    def __enter__(self: Owner) -> Owner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        if (client := self.__dict__.get("_http")) is not None:
            client.close()


def _signer(
    url: str, login: tuple[str, str] | None, key: str
) -> Callable[[httpx.Request], httpx.Request] | None:
    """Writes the secret into requests to the origin of the url; on redirects httpx takes it out again."""
    if not key and not login:
        return None
    import httpx

    home = origin(url)
    value = f"Bearer {key}"
    if not key and login:
        plain = httpx.Request("GET", url)
        value = next(httpx.BasicAuth(*login).auth_flow(plain)).headers["Authorization"]

    def sign(request: httpx.Request) -> httpx.Request:
        if origin(str(request.url)) == home:
            request.headers["Authorization"] = value
        return request

    return sign


class _Watch:
    """One request under way: how long was waited for it, and how fast its answer comes."""

    def __init__(self, budget: Budget, least_rate: float) -> None:
        self.budget = budget
        self.least_rate = least_rate
        self._coming = False
        self._bytes, self._seconds = 0, 0.0

    def begin(self) -> None:
        """An object has begun; more of it has to follow."""
        self._coming = True

    def rest(self) -> None:
        """An object is whole: until the next one begins, the server may think."""
        self._coming, self._bytes, self._seconds = False, 0, 0.0

    def wait(
        self, step: Callable[[float | None], Any], timeout: float | None, *, sending: bool = False
    ) -> Any:
        """Does one step of the network, within what is left.

        sending: what we send; a server may stop to take it for as long as its disk is busy.
        """
        import httpcore

        left = self.budget.seconds - self.budget.waited
        bounds = [b for b in (timeout, left, RATE_SECONDS if self._coming else None) if b is not None]
        if left <= 0:
            raise httpcore.ReadTimeout(self._late())
        before = time.monotonic()
        try:
            return let_in(partial(step, min(bounds) if bounds else None))
        except httpcore.TimeoutException as e:
            waited = time.monotonic() - before
            if self.budget.waited + waited >= self.budget.seconds:
                raise type(e)(self._late()) from e
            if self._coming and waited >= RATE_SECONDS:
                raise type(e)(f"nothing more came for {RATE_SECONDS:g} s in the middle") from e
            raise type(e)(f"silent for {timeout or 0:g} s") from e
        finally:
            waited = time.monotonic() - before
            self.budget.waited += waited
            self._seconds += waited if self._coming or sending else 0.0

    def _late(self) -> str:
        return f"it took longer than the deadline of {self.budget.seconds:g} s"

    def came(self, count: int) -> None:
        """So many bytes came; raises ReadTimeout where they are too few."""
        self._coming = True
        self.moved(count)

    def moved(self, count: int) -> None:
        """So many bytes came or went."""
        import httpcore

        self._bytes += count
        if self._seconds < RATE_SECONDS:
            return
        if self._bytes < self.least_rate * self._seconds:
            raise httpcore.ReadTimeout(
                f"{self._bytes} bytes came in {self._seconds:.0f} s, expected {self.least_rate:g} a second"
            )
        self._bytes, self._seconds = 0, 0.0


_HERE = threading.local()
"""`watch`: that of the request which this thread is at; a connection serves one request at a time."""


def _watch() -> _Watch:
    return cast("_Watch", _HERE.watch)


class _Stream:
    """A connection whose reads and writes are watched (httpcore.NetworkStream)."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data: bytes = _watch().wait(lambda seconds: self._inner.read(max_bytes, seconds), timeout)
        _watch().came(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for at in range(0, len(buffer), WRITE_BYTES):
            piece = buffer[at : at + WRITE_BYTES]
            step = partial(self._inner.write, piece)
            _watch().wait(step, timeout, sending=True)
            _watch().moved(len(piece))
        _watch().rest()

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, ssl_context: Any, server_hostname: Any = None, timeout: float | None = None) -> Any:
        return _Stream(
            _watch().wait(lambda s: self._inner.start_tls(ssl_context, server_hostname, s), timeout)
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Network:
    """Opens such connections (httpcore.NetworkBackend)."""

    def __init__(self) -> None:
        import httpcore

        self._inner = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **more: Any) -> _Stream:
        import httpcore

        connect = self._inner.connect_tcp
        try:
            return _Stream(_watch().wait(lambda seconds: connect(host, port, seconds, **more), timeout))
        except UnicodeError as e:  # a redirect, or a proxy, to a name that no host can have
            raise httpcore.ConnectError(f"{host[:60]!r} is not a valid host name: {e}") from e

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class _Transport:
    """Sends requests (httpx.BaseTransport)."""

    def __init__(self, *, lines: bool, trusting: bool, keep: bool) -> None:
        chosen = _PATIENCE.get().least_rate
        self._least_rate = LEAST_RATE if chosen is None else chosen
        self._lines = lines
        self._trusting = trusting
        self._keep = keep
        self._pools: dict[tuple[bool, str], httpcore.ConnectionPool] = {}

    def __enter__(self) -> _Transport:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with Held():
            for pool in self._pools.values():
                pool.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        import httpcore
        import httpx

        budget = request.extensions.get("budget")
        watch = _Watch(budget if isinstance(budget, Budget) else Budget(), self._least_rate)
        asked = httpcore.Request(
            method=request.method,
            url=_core_url(request.url),
            headers=_askable(request.headers.raw),
            content=cast("Iterable[bytes]", request.stream),
            extensions=request.extensions,
        )
        try:
            pool = self._pool(str(request.url))
        except ValueError as e:
            # Our own addresses are looked at before; one that a server redirects to is not.
            raise httpx.RemoteProtocolError(f"redirected to an invalid address: {e}") from e
        with Held(), _at(watch), _errors_of_httpx():
            answer = pool.handle_request(asked)
        watch.rest()
        body = _body(cast("Iterable[bytes]", answer.stream), watch, lines=self._lines)
        headers = list(answer.headers)
        for location in (v for k, v in headers if k.lower() == b"location"):
            _require_host(request.url, location, body)
        packed = [v.strip().lower() for k, v in headers if k.lower() == b"content-encoding"]
        if any(word not in (b"", b"identity") for word in packed):
            if packed not in _PACKED:
                body.close()
                raise httpx.RemoteProtocolError(
                    f"the answer is packed as {b', '.join(packed)[:80].decode('latin-1')!r}, "
                    "which it was not asked for"
                )
            body = _unpacked(body)
            headers = [
                (k, v) for k, v in headers if k.lower() not in (b"content-encoding", b"content-length")
            ]
        return httpx.Response(answer.status, headers=headers, stream=body, extensions=answer.extensions)

    def _pool(self, url: str) -> httpcore.ConnectionPool:
        """The connections for an address, straight or through the proxy that the environment names for it."""
        secure, proxy = url.startswith("https:"), _proxy_for(url)
        if (pool := self._pools.get((secure, proxy))) is None:
            pool = self._pools[secure, proxy] = self._open_pool(secure, proxy)
        return pool

    def _open_pool(self, secure: bool, proxy: str) -> httpcore.ConnectionPool:
        import httpcore
        import httpx

        settings: dict[str, Any] = {
            # Reading the certificates takes longer than a request, so only where they are needed.
            "ssl_context": httpx.create_ssl_context(verify=not self._trusting) if secure else None,
            "max_connections": 100,
            "max_keepalive_connections": 20 if self._keep else 0,
            "keepalive_expiry": 5.0,
            "network_backend": _Network(),
        }
        if not proxy:
            return httpcore.ConnectionPool(**settings)
        try:
            by = httpx.Proxy(proxy)
        except (ValueError, httpx.InvalidURL) as e:
            raise httpx.ProxyError(f"the proxy that the environment names cannot be used: {e}") from e
        if by.url.scheme.startswith("socks"):
            if importlib.util.find_spec("socksio") is None:
                raise MissingDependencyError(
                    "the environment names a SOCKS proxy, and the Python package `socksio` is not installed",
                    help="pip install socksio, or unset ALL_PROXY",
                )
            return httpcore.SOCKSProxy(_core_url(by.url), proxy_auth=by.raw_auth, **settings)
        return httpcore.HTTPProxy(
            _core_url(by.url), proxy_auth=by.raw_auth, proxy_headers=by.headers.raw, **settings
        )


def _proxy_for(url: str) -> str:
    """The proxy that the environment names (HTTPS_PROXY, ALL_PROXY, NO_PROXY), "" for none.

    Raises UsageError for one with a login that is not escaped.
    """
    import urllib.request

    scheme, host, port = origin(url)
    if is_loopback(url) or urllib.request.proxy_bypass(f"{host}:{port}"):
        return ""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(scheme) or proxies.get("all") or ""
    if not proxy:
        return ""
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    require_closed_login(proxy, f"the proxy in {scheme.upper()}_PROXY or ALL_PROXY", server=True)
    return proxy


def _core_url(url: httpx.URL) -> httpcore.URL:
    import httpcore

    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


@contextlib.contextmanager
def _at(watch: _Watch) -> Iterator[None]:
    """This thread waits for this request."""
    before = getattr(_HERE, "watch", None)
    _HERE.watch = watch
    try:
        yield
    finally:
        _HERE.watch = before


@contextlib.contextmanager
def _errors_of_httpx() -> Iterator[None]:
    """What httpcore raises, as the error of httpx with that name."""
    import httpcore
    import httpx

    kinds = (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    )
    try:
        yield
    except kinds as e:
        raise getattr(httpx, type(e).__name__)(str(e)) from e


def _body(parts: Iterable[bytes], watch: _Watch, *, lines: bool) -> httpx.SyncByteStream:
    """The body of an answer as httpx wants it."""
    import httpx

    class Body(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            left = iter(parts)
            while True:
                with Held(), _at(watch), _errors_of_httpx():
                    part = next(left, None)
                if part is None:
                    return
                if lines and (part.endswith(b"\n") or not part.strip()):
                    watch.rest()
                else:
                    watch.begin()
                yield part

        def close(self) -> None:
            with Held(), _at(watch), _errors_of_httpx():
                cast("Any", parts).close()

    return Body()


_PACKED = ([b"gzip"], [b"x-gzip"])


def _askable(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of a request, which asks for no packing but the one that is unpacked here."""
    return [
        (k, b"gzip" if k.lower() == b"accept-encoding" and v.strip() != b"identity" else v)
        for k, v in headers
    ]


def _unpacked(body: httpx.SyncByteStream) -> httpx.SyncByteStream:
    """What a body in gzip holds, in pieces; httpx would make all of a piece that came at once.

    64 KiB can unpack to 64 MiB, and to 64 GiB where a server packs twice.
    """
    import httpx

    class Unpacked(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            unpacker, began = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS), False
            try:
                for part in body:
                    began = began or bool(part)
                    while part and not unpacker.eof:
                        piece = unpacker.decompress(part, UNPACKED_BYTES)
                        part = unpacker.unconsumed_tail
                        if piece:
                            yield piece
                while piece := unpacker.decompress(b"", UNPACKED_BYTES):
                    yield piece
            except zlib.error as e:
                raise httpx.DecodingError(f"the answer is not the gzip that it says: {e}") from e
            if began and not unpacker.eof:
                raise httpx.DecodingError("the answer is in gzip and ends in the middle")

        def close(self) -> None:
            body.close()

    return Unpacked()


def _require_host(url: httpx.URL, location: bytes, body: httpx.SyncByteStream) -> None:
    """Refuses a redirect to a name that is none (`xn--`): the library would fail otherwise than it says."""
    import httpx

    try:
        with contextlib.suppress(httpx.InvalidURL):  # which the library tells itself
            _ = url.join(location.decode("latin-1")).host
    except UnicodeError as e:
        body.close()
        raise httpx.RemoteProtocolError(f"redirected to an invalid address: {e}") from e
