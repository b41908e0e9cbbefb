"""Reads what an Ollama server answers; what is wrong with an answer becomes a ServerError."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from ...core.api_keys import OLLAMA_KEY
from ...core.errors import ServerError
from ...core.urls import hide_logins, shown_url
from .. import error_texts
from ..completion import Completion

if TYPE_CHECKING:
    import httpx

MAX_LINE_BYTES = 16 << 20  # one progress or token object is under 1 kB; more is not Ollama
MAX_STREAM_BYTES = 1 << 28  # hours of progress are 100 MB; an answer of MAX_ANSWER_CHARS is less
MAX_ANSWER_CHARS = 4 << 20  # an answer that long is a model that never stops
REPEAT_LIMIT = 30  # Ollama breaks an answer off when the same token came more often in a row
SHOWN_CHARS = 300  # of a foreign reply, enough to recognise it

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)")
# What Ollama, llama-server and web frameworks say of a path that they do not have.
_NO_PATH = re.compile(r'page not found|file not found|\A(\{"detail": ?)?"?not found"?\}?\Z|\Ano text\Z', re.I)
_TITLE = re.compile(r"<title[^>]*>([^<]{0,200})", re.IGNORECASE)


# A full disk, a login, a registry out of reach: faults of the server's side that an error text names.
_ON_THE_SERVER = frozenset({"MK860", "MK861", "MK862"})

# Ollama 0.34, server/routes.go
_NO_MODEL = re.compile(r"""model ["']([^"']{1,400})["'] not found(?:, try pulling it first)?""")


@dataclass(frozen=True)
class ServerKind:
    """What messages about a server call it, and what they advise.

    name: as in "no … answers"; start, names, sign_in, log: what to do where none answers, where it lacks the
    model, where it wants to know who asks, and where only its log knows more; address: the options that say
    where it is.
    """

    name: str
    start: str
    names: str
    sign_in: str
    log: str
    address: str


OLLAMA = ServerKind(
    "Ollama server",
    "start it with `ollama serve`, or give its address with --host or OLLAMA_HOST",
    "`ollama list` shows the names that are there",
    "the server wants you to be signed in: `ollama signin`, or another --host; if it wants an API key, put "
    f"that into {OLLAMA_KEY.variable} and the server's host into {OLLAMA_KEY.hosts_variable}",
    "the server's log says more (`ollama serve`, or journalctl -u ollama)",
    "--host, OLLAMA_HOST",
)


class RefusedError(ServerError):
    """The server answered with an error; `detail` is its own text, `status` the HTTP status.

    `status` is 200 for an error object inside a stream that had begun well. retry_after: seconds to wait, as
    the header Retry-After says, "" without one; a text that is neither seconds nor a date is kept.
    """

    def __init__(
        self,
        message: str,
        *,
        detail: str,
        status: int | None,
        help: str = "",
        code: str = "MK801",
        retry_after: str = "",
    ) -> None:
        super().__init__(message, help=help, status=status, code=code)
        self.detail = detail
        self.retry_after = retry_after


class HalfStreamError(ServerError):
    """A stream that ended, in good order, before the server said that it was done.

    Ollama does that where one token repeats many times (0.5 to 0.34.0, llm/*server.go, "token repeat
    limit"; later ones answer an error); a control token that repeats is not even seen in the stream.
    """


def check_status(url: str, asked: str, reply: httpx.Response, body: bytes, kind: ServerKind = OLLAMA) -> None:
    """Passes a good status; raises for a redirect (which would turn a POST into a GET) and for errors."""
    if reply.is_redirect:
        target = shown_url(reply.headers.get("location", "nowhere"))
        raise ServerError(
            f"{url} redirects {asked} to {target}",
            help="give the address it redirects to",
            status=reply.status_code,
            code="MK804",
        )
    if not reply.is_success:
        raise refusal(url, asked, reply.status_code, body, kind, _wait_named(reply.headers))


def _wait_named(headers: Mapping[str, str]) -> str:
    """Retry-After in seconds; a date (RFC 9110, section 10.2.3) is one by the clock of the same reply."""
    said = headers.get("retry-after", "").strip()
    until = _moment(said)
    if until is None:
        return said
    now = _moment(headers.get("date", "")) or datetime.now(timezone.utc)
    return str(max(0, math.ceil((until - now).total_seconds())))


def _moment(text: str) -> datetime | None:
    """A date of HTTP; None for any other text."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def refusal(
    url: str,
    asked: str,
    status: int | None,
    body: bytes,
    kind: ServerKind = OLLAMA,
    retry_after: str = "",
) -> ServerError:
    """The error for a reply with a bad status: Ollama's own text, or what came in its place."""
    text = body.decode("utf-8", "replace").strip()
    detail = _error_text(text)
    said = f"{url} answered {asked} with HTTP {status}" if status and status > 0 else f"{url}: {asked} failed"
    if detail is None and _is_html(text):
        return ServerError(
            f"{said} and an HTML page{_page_title(text)} where JSON was expected",
            help=f"a proxy or another program answers there: check {kind.address} and the proxy settings",
            status=status,
            code="MK804",
        )
    shown = detail if detail is not None else (text[:SHOWN_CHARS] or "no text")
    missing = _NO_MODEL.fullmatch(shown) if status == 404 and kind is OLLAMA else None
    return RefusedError(
        f"{url} has no model {missing[1]!r}" if missing else f"{said}: {shown}",
        detail=shown,
        status=status,
        help=_advice(shown, status, kind, retry_after),
        code=_code(shown, status),
        retry_after=retry_after,
    )


def transport_error(url: str, asked: str, error: Exception, kind: ServerKind = OLLAMA) -> ServerError:
    """The error for a connection that failed, broke or fell silent."""
    import httpx

    cause = error.__cause__ or error.__context__
    reason = str(error) or (str(cause) if cause else "") or type(error).__name__
    reason = hide_logins(re.sub(r"\A\[Errno -?\d+\] ", "", reason))
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, ConnectionError)):
        return ServerError(
            f"no {kind.name} answers at {url} ({reason.splitlines()[0]})",
            help=kind.start,
            code="MK802",
        )
    if isinstance(error, httpx.TimeoutException):
        return ServerError(
            f"{url} did not finish {asked} in time: {reason}",
            help=f"the server may be loading a large model or hang, try again; {kind.log}; --deadline and "
            "--min-rate say how much is borne",
            code="MK803",
        )
    if isinstance(error, httpx.InvalidURL):
        return ServerError(f"{url} is not an address: {reason}", help=f"check {kind.address}", code="MK802")
    return ServerError(
        f"the connection to {url} broke during {asked}: {reason}",
        help="the server stopped or was restarted: look at its log, then try again",
        code="MK805",
    )


def bounded(reply: httpx.Response, limit: int) -> bytes:
    """The body of a reply, up to one piece beyond the limit: more than that is not read."""
    data = bytearray()
    for chunk in reply.iter_bytes():
        data += chunk
        if len(data) > limit:
            break
    return bytes(data)


def moment(text: object) -> datetime | None:
    """A time as Go's JSON has it (RFC 3339, up to nine digits of a second); None for what is none."""
    found = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    zone = "+00:00" if found[3] in ("Z", "z") else found[3]
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(f"{found[1]}.{(found[2] or '')[:6]:0<6}{zone}")
    return None


def date_of(reply: httpx.Response) -> datetime | None:
    """The time of a reply by the clock of who sent it, from its header Date."""
    try:
        found = parsedate_to_datetime(reply.headers.get("Date", ""))
    except (ValueError, TypeError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def half_a_stream(url: str, path: str) -> HalfStreamError:
    """The error for a stream that ended without its last object."""
    return HalfStreamError(
        f"{url} ended the reply to {path} early: its last object is missing",
        help="the server stopped, or a proxy cut the stream: look at the server's log and try again",
        code="MK805",
    )


def openai_completion(url: str, found: Mapping[str, Any]) -> Completion:
    """The answer in a reply of /v1/chat/completions; raises ServerError for one that has none."""
    choices, usage = found.get("choices"), found.get("usage")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, Mapping) else None
    if not isinstance(first, Mapping) or not isinstance(message, Mapping):
        raise ServerError(
            f"{url} answered /v1/chat/completions without an answer in it",
            help="is there a proxy or another program at this address?",
            code="MK804",
        )
    usage = usage if isinstance(usage, Mapping) else {}
    return Completion(
        text=str(message.get("content") or ""),
        prompt_tokens=usage.get("prompt_tokens"),
        completion_tokens=usage.get("completion_tokens"),
        finish_reason=first.get("finish_reason"),
        thinking=str(message.get("reasoning") or ""),
        raw=found,
    )


def decode_object(
    url: str, asked: str, data: bytes, *, limit: int, kind: ServerKind = OLLAMA
) -> dict[str, Any]:
    """The JSON object of a whole reply; an `error` in it counts as a refusal."""
    if len(data) > limit:
        raise ServerError(
            f"{url} answered {asked} with more than {limit} bytes",
            help="is there a proxy or another program at this address?",
            code="MK804",
        )
    if not data.strip():
        return {}
    found = _decode(url, asked, data, kind)
    if isinstance(found.get("error"), (str, Mapping)):
        raise refusal(url, asked, 200, data, kind)
    return found


def stream_objects(
    url: str, asked: str, chunks: Iterable[bytes], kind: ServerKind = OLLAMA
) -> Iterator[dict[str, Any]]:
    """The objects of an NDJSON stream, one a line; raises at an error object or a foreign or torn line."""
    pending = bytearray()
    total = 0
    for chunk in chunks:
        pending += chunk
        total += len(chunk)
        if total > MAX_STREAM_BYTES:
            raise ServerError(
                f"{url} answered {asked} with a stream of more than {MAX_STREAM_BYTES} bytes",
                help="the server never ends this answer: look at its log, or is it another program?",
                code="MK804",
            )
        while (end := pending.find(b"\n")) >= 0:
            line, pending = bytes(pending[:end]), pending[end + 1 :]
            if line.strip():
                yield _stream_object(url, asked, line, kind)
        if len(pending) > MAX_LINE_BYTES:
            raise ServerError(
                f"{url} answered {asked} with a line of more than {MAX_LINE_BYTES} bytes",
                help="is there a proxy or another program at this address?",
                code="MK804",
            )
    if pending.strip():
        yield _last_object(url, asked, bytes(pending), kind)


def collect_chat(
    parts: Iterable[Mapping[str, Any]], *, url: str, on_text: Callable[[str], None] | None = None
) -> Completion:
    """Puts the pieces of /api/chat together.

    finish_reason is "repeat" where Ollama broke off an answer in which one token repeats. on_text is told
    each piece of the answer when it comes.
    """
    text: list[str] = []
    thinking: list[str] = []
    calls: list[Any] = []
    last: Mapping[str, Any] = {}
    for last in parts:
        message = last.get("message")
        if isinstance(message, Mapping):
            text.append(str(message.get("content") or ""))
            if on_text and text[-1]:
                on_text(text[-1])
            thinking.append(str(message.get("thinking") or ""))
            calls.extend(message.get("tool_calls") or [])
        _bounded(text, thinking, url)
    return _reply(last, text, thinking, calls, url, "/api/chat")


def collect_generate(parts: Iterable[Mapping[str, Any]], *, url: str) -> Completion:
    """Puts the pieces of /api/generate together."""
    text: list[str] = []
    thinking: list[str] = []
    last: Mapping[str, Any] = {}
    for last in parts:
        text.append(str(last.get("response") or ""))
        thinking.append(str(last.get("thinking") or ""))
        _bounded(text, thinking, url)
    return _reply(last, text, thinking, [], url, "/api/generate")


def _reply(
    last: Mapping[str, Any], text: list[str], thinking: list[str], calls: list[Any], url: str, path: str
) -> Completion:
    finish = last.get("done_reason")
    if not last.get("done"):
        if not (_repeats(text) or _repeats(thinking)):
            raise half_a_stream(url, path)
        finish = "repeat"
    raw = {k: v for k, v in last.items() if k not in ("message", "response", "context")}
    if calls:
        raw["tool_calls"] = calls
    return Completion(
        text="".join(text),
        prompt_tokens=_count(last, "prompt_eval_count"),
        completion_tokens=_count(last, "eval_count"),
        finish_reason=str(finish) if finish else None,
        thinking="".join(thinking),
        raw=raw,
    )


def _repeats(pieces: list[str]) -> bool:
    """Whether the last pieces are so many times the same that Ollama breaks the answer off."""
    tail = [p.strip() for p in pieces[-REPEAT_LIMIT:]]
    return len(tail) == REPEAT_LIMIT and len(set(tail)) == 1 and tail[0] != ""


def _count(last: Mapping[str, Any], key: str) -> int | None:
    value = last.get(key)
    return value if isinstance(value, int) else None


def _bounded(text: list[str], thinking: list[str], url: str) -> None:
    # Counting only now and then keeps this linear.
    if len(text) % 4096 == 0 and sum(map(len, text)) + sum(map(len, thinking)) > MAX_ANSWER_CHARS:
        raise ServerError(
            f"{url} sent an answer of more than {MAX_ANSWER_CHARS} characters",
            help="the model keeps generating: set num_predict, and check the stops of the package",
            code="MK840",
        )


def _stream_object(url: str, asked: str, line: bytes, kind: ServerKind) -> dict[str, Any]:
    found = _decode(url, asked, line, kind)
    if "error" in found:
        raise refusal(url, asked, 200, line, kind)
    return found


def _last_object(url: str, asked: str, line: bytes, kind: ServerKind) -> dict[str, Any]:
    """A last line without its newline is whole, or torn in the middle."""
    try:
        return _stream_object(url, asked, line, kind)
    except ServerError as e:
        if e.code == "MK804" and not _is_html(line.decode("utf-8", "replace")):
            raise half_a_stream(url, asked) from e
        raise


def _decode(url: str, asked: str, data: bytes, kind: ServerKind) -> dict[str, Any]:
    text = data.decode("utf-8", "replace")
    try:
        found, why = json.loads(text), ""
    except (ValueError, RecursionError) as e:
        # ValueError also for an integer of more digits than Python converts
        found, why = None, "" if isinstance(e, json.JSONDecodeError) else f" ({str(e).partition(';')[0]})"
    if isinstance(found, dict):
        return found
    what = f"an HTML page{_page_title(text)}" if _is_html(text) else repr(text[:SHOWN_CHARS])
    raise ServerError(
        f"{url} answered {asked} with {what} where a JSON object was expected{why}",
        help=f"a proxy or another program answers there: check {kind.address} and the proxy settings",
        code="MK804",
    )


def _error_text(text: str) -> str | None:
    """The words of Ollama's error, also where llama-server's error object is inside its text."""
    for _ in range(3):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return None if text.startswith("<") else text or None
        if not isinstance(found, Mapping):
            return text
        inner = found.get("error", found.get("message"))
        if inner is None:
            return text
        text = inner if isinstance(inner, str) else json.dumps(inner)
    return text


def _code(detail: str, status: int | None) -> str:
    known = error_texts.reason(detail)
    if known is not None and known.code in _ON_THE_SERVER:
        return known.code
    if status in (401, 403):
        return "MK861"
    if status == 429:
        return "MK890"
    return "MK808" if status == 404 and "not found" in detail and "model" in detail else "MK801"


def _advice(detail: str, status: int | None, kind: ServerKind, retry_after: str) -> str:
    known = error_texts.reason(detail)
    if known is not None:
        return known.step
    if status == 404 and _NO_PATH.search(detail):
        return f"the server does not know this call: is it an {kind.name}, and new enough?"
    if status == 404:
        return kind.names
    if status in (401, 403):
        return kind.sign_in
    if status in (429, 503):
        unit = " s" if retry_after.isdigit() else ""
        when = f"; it names the time to wait: {retry_after}{unit}" if retry_after else ""
        return f"the server is busy, try again later{when}"
    return kind.log


def _is_html(text: str) -> bool:
    return text.lstrip()[:200].lower().startswith(("<!doctype", "<html", "<head", "<body"))


def _page_title(text: str) -> str:
    found = _TITLE.search(text)
    return f" ({found.group(1).strip()})" if found and found.group(1).strip() else ""
