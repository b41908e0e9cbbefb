"""What a registry refuses, and what goes wrong on the way to it, as one kind of error.

The errors of a registry are JSON: a list with a code, a message and a detail each (OCI distribution 1.1,
"Error Codes"). Ollama's own registry answers some in plain text.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..core.errors import ServerError
from ..core.urls import hide_logins

if TYPE_CHECKING:
    import httpx

REFUSED = "MK843"
DENIED = "MK844"
OTHER_DIGEST = "MK845"
NOT_THERE = "MK846"
NOT_SECURE = "MK847"
SILENT, BROKEN, NO_ANSWER, NO_REGISTRY = "MK803", "MK805", "MK802", "MK804"

SHOWN_CHARS = 300  # of a foreign reply, enough to recognise it
MAX_ERROR_BYTES = 64 << 10

_NO_TLS = ("wrong version number", "record layer failure", "unexpected eof while reading", "http request")


class RegistryError(ServerError):
    """A registry failed, refused or vanished.

    status: of its answer, None where none came; word: its own code of the error, as `DENIED`, "" without one;
    retry_after: seconds that it wants to be left alone, "" where it names none.
    """

    code = REFUSED

    def __init__(
        self,
        message: str,
        *,
        help: str = "",
        status: int | None = None,
        code: str | None = None,
        word: str = "",
        retry_after: str = "",
    ) -> None:
        super().__init__(message, help=help, status=status, code=code)
        self.word = word
        self.retry_after = retry_after


def refusal(host: str, asked: str, status: int, body: bytes, headers: Mapping[str, str]) -> RegistryError:
    """The error for an answer that is none of those expected. asked: what for, as an object of "refuses"."""
    word, said = _said(body)
    detail = f"HTTP {status}" + (f", {said}" if said else "")
    wait = headers.get("retry-after", "").strip()
    if status in (401, 403):
        return RegistryError(
            f"{host} denies {asked}: {detail}",
            help=f"sign in with `docker login {host}` or `podman login {host}` (their files are read), with "
            "an account that may do this",
            status=status,
            code=DENIED,
            word=word,
        )
    if status == 404:
        return RegistryError(
            f"{host} has no {asked}: {detail}",
            help="check host, namespace, model and tag; a private repository also looks like this without a "
            f"login (`docker login {host}`)",
            status=status,
            code=NOT_THERE,
            word=word,
        )
    advice = f"the registry refuses it; ask whoever runs {host}"
    if status in (429, 503):
        named = f"; it names the time to wait: {wait} s" if wait.isdigit() else ""
        advice = f"the registry is busy, try again later{named}; what has arrived there stays"
    elif status >= 500:
        advice = f"the log of {host} says more; try again later, what has arrived there stays"
    elif status < 400:
        advice = "is there a proxy or another program at this address?"
    return RegistryError(
        f"{host} refuses {asked}: {detail}", help=advice, status=status, word=word, retry_after=wait
    )


def not_a_registry(host: str, asked: str, what: str) -> RegistryError:
    """The error for an answer that no registry gives. what: of the answer, after "answers … with"."""
    return RegistryError(
        f"{host} answers the request for {asked} with {what}",
        help="is it a registry? check the host of the name, and the proxy settings (HTTPS_PROXY, NO_PROXY)",
        code=NO_REGISTRY,
    )


def other_digest(host: str, what: str, found: str, expected: str) -> RegistryError:
    """The error for content that is not what its name says."""
    return RegistryError(
        f"{host}: {what} has the digest {found}, expected {expected}: it was damaged on the way, or changed",
        help="try again; if it stays so, the registry or a proxy before it holds damaged data",
        code=OTHER_DIGEST,
    )


@contextmanager
def failures(host: str, asked: str) -> Iterator[None]:
    """Turns what the HTTP library raises into RegistryError."""
    import httpx

    try:
        yield
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as e:
        raise _transport(host, asked, e) from e


def _transport(host: str, asked: str, error: Exception) -> RegistryError:
    import httpx

    reason = re.sub(r"\A\[Errno -?\d+\] ", "", hide_logins(str(error))).strip() or type(error).__name__
    reason = reason.splitlines()[0][:SHOWN_CHARS]
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        return RegistryError(
            f"{host} did not answer the request for {asked} in time: {reason}",
            help="try again, what has arrived there stays; --deadline and --min-rate say how much is borne",
            code=SILENT,
        )
    if isinstance(error, httpx.TooManyRedirects):
        return not_a_registry(host, asked, "one redirect after the other")
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.ProxyError)):
        if _speaks_no_tls(error):
            return RegistryError(
                f"{host} does not speak HTTPS ({reason})",
                help="a registry without it, in your own network, is used with --insecure",
                code=NOT_SECURE,
            )
        return RegistryError(
            f"no registry answers at {host} ({reason})",
            help="check the host of the name, the connection, and the proxy settings (HTTPS_PROXY, NO_PROXY)",
            code=NO_ANSWER,
        )
    return RegistryError(
        f"the connection to {host} broke at {asked}: {reason}",
        help="try again: what has arrived there stays",
        code=BROKEN,
    )


def _speaks_no_tls(error: Exception) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError) or "[SSL" in str(seen):
            return any(sign in str(seen).lower().replace("_", " ") for sign in _NO_TLS)
        seen = seen.__cause__ or seen.__context__
    return False


def _said(body: bytes) -> tuple[str, str]:
    """The registry's own code and words in an error."""
    text = body.decode("utf-8", "replace").strip()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        plain = "" if text[:1] == "<" else text.partition("\n")[0][:SHOWN_CHARS]
        return "", plain
    errors = found.get("errors") if isinstance(found, Mapping) else None
    first: Any = errors[0] if isinstance(errors, list) and errors else found
    if not isinstance(first, Mapping):
        return "", ""
    word = first.get("code")
    word = word if isinstance(word, str) else ""
    texts = [word, first.get("message"), first.get("detail"), first.get("error"), first.get("details")]
    said = ": ".join(t.strip() for t in texts if isinstance(t, str) and t.strip())
    return word, said[:SHOWN_CHARS]


def error_body(response: httpx.Response) -> bytes:
    """The body of an error, up to a bound, whatever the connection does."""
    import httpx

    data = b""
    try:
        for piece in response.iter_bytes():
            data += piece
            if len(data) > MAX_ERROR_BYTES:
                break
    except (httpx.HTTPError, httpx.StreamError):
        pass
    return data[:MAX_ERROR_BYTES]
