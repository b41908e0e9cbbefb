"""What we need of an Ollama server's HTTP API, with every failure as a ServerError.

All of them go out by the kit's one client (core/http_client.py). The `ollama` package (0.6) is not used: it
sends OLLAMA_API_KEY to every host and in the open, bounds no answer, drops `tool_call_id`, knows no
renderer, parser or requires, cannot ask `_debug_render_only`, and loses most of /api/show.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ...core.api_keys import OLLAMA_KEY
from ...core.conversation import Message, Tool
from ...core.errors import ServerError
from ...core.http_client import CONNECT_SECONDS, Budget, ClientOwner, json_request, open_client, under
from ...core.interrupts import Held
from ...core.ollama_host import resolve_host
from ...core.urls import without_login
from ...ollama.versions import SINCE, Target, server_version, since, until
from ..completion import Completion
from .answer_shapes import checked
from .messages import OPENAI, Answer, Way, collect, event_lines, message_body
from .replies import (
    RefusedError,
    bounded,
    check_status,
    collect_chat,
    collect_generate,
    date_of,
    decode_object,
    half_a_stream,
    moment,
    openai_completion,
    stream_objects,
    transport_error,
)
from .requests import chat_body, generate_body

if TYPE_CHECKING:
    import httpx

QUICK_SECONDS = 60.0  # show, list, copy, delete: no model is loaded for these
PATIENCE_SECONDS = 900.0  # silence while a model is loaded from a slow disk or a blob is hashed
LISTINGS = 5  # tries to list the models while others delete some
MAX_VERSION = 200  # characters; 0.34.4, or a branch's name
MAX_REPLY_BYTES = 64 << 20  # /api/show of a large model is some 100 kB; more is not Ollama

Progress = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Rendered:
    """What `_debug_render_only` answers: the prompt with `[img-N]` tags, and the number of images."""

    prompt: str
    image_count: int


class OllamaServer(ClientOwner):
    """A client of one server.

    host: as OLLAMA_HOST is written (`host`, `host:port`, `:port`, `http(s)://…`); None takes
    OLLAMA_HOST and then 127.0.0.1:11434. patience: seconds of silence that are borne while the
    server loads, generates or hashes. api_key: sent to this host; None takes OLLAMA_API_KEY, if it is for
    this host (`core.api_keys`). Every failure is a `ServerError` that names the host, what was asked, what
    came and what to do; a key that would travel in the open is a UsageError (MK817). Use it as a context
    manager, or call `close`.

    url: the server's, without the user and password that `host` may have.
    """

    def __init__(
        self, host: str | None = None, *, patience: float = PATIENCE_SECONDS, api_key: str | None = None
    ) -> None:
        self.url, self._login = without_login(resolve_host(host))
        self.patience = patience
        self._clock: datetime | None = None
        self._key = OLLAMA_KEY.key_for(self.url) if api_key is None else api_key

    # -- what is there ---------------------------------------------------------------

    def version(self) -> str:
        """The server's version, as `0.33.0`; raises ServerError where no Ollama answers."""
        found = self._ask("GET", "/api/version", timeout=CONNECT_SECONDS).get("version")
        if not isinstance(found, str) or len(found) > MAX_VERSION:
            raise ServerError(
                f"{self.url} answered /api/version without a version; is it an Ollama server?",
                help="check --host and OLLAMA_HOST",
                code="MK804",
            )
        return found

    def require(self, feature: str, purpose: str) -> str:
        """The server's version, or a ServerError that says which is needed and what for.

        feature: a row of `ollama.versions.SINCE`; purpose: the subject of "… needs …".
        """
        found = self.version()
        release = server_version(found)
        if SINCE[feature].since <= release and not Target(release).has(feature):
            raise ServerError(
                f"the Ollama at {self.url} is {found}; {purpose} works only before {until(feature)}",
                help="leave it out, or choose an older server with --host",
                code="MK806",
            )
        if not Target(release).has(feature):
            raise ServerError(
                f"the Ollama at {self.url} is {found}; {purpose} needs {since(feature)} or later",
                help="update Ollama on that machine (https://ollama.com/download), or choose another --host",
                code="MK806",
            )
        return found

    @property
    def clock(self) -> datetime:
        """What the server took for now when it last answered: its times are by its own clock."""
        return self._clock or datetime.now(timezone.utc)

    def models(self) -> list[dict[str, Any]]:
        """The models on the server: `model` (name with tag), `digest` of the manifest, `modified_at`.

        The last is None where the server does not say it.
        """
        listed = self._listing().get("models")
        if not isinstance(listed, list):
            raise ServerError(
                f"{self.url} answered GET /api/tags without a list of models",
                help="is there a proxy or another program at this address?",
                code="MK804",
            )
        return [{**m, "modified_at": moment(m.get("modified_at"))} for m in listed if isinstance(m, dict)]

    def _listing(self) -> dict[str, Any]:
        """/api/tags; asked again where the server met a name that somebody deleted meanwhile.

        It answers 500 then (seen: 0.34.4, server/routes.go, ListHandler: it looks at the file of each).
        """
        for _ in range(LISTINGS - 1):
            try:
                return self._ask("GET", "/api/tags")
            except RefusedError as e:
                if e.status != 500 or "no such file" not in e.detail:
                    raise
        return self._ask("GET", "/api/tags")

    def show(self, name: str, *, verbose: bool = False) -> dict[str, Any]:
        """/api/show, whole: template, system, parameters, messages, capabilities, model_info, …

        verbose: with the arrays of the GGUF's metadata, the vocabulary among them.
        Raises RefusedError with status 404 where there is no such model.
        """
        return self._ask("POST", "/api/show", {"model": name, **({"verbose": True} if verbose else {})})

    def exists(self, name: str) -> bool:
        """Whether the server has a model of that name."""
        try:
            self.show(name)
        except RefusedError as e:
            if e.status == 404:
                return False
            raise
        return True

    # -- asking a model ---------------------------------------------------------------

    def chat(
        self,
        name: str,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] | None = None,
        think: bool | str | None = None,
        options: Mapping[str, Any] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """One answer by /api/chat; `images` of a message are bytes or base64 text.

        on_text: told each piece of the answer when it comes.
        """
        body = chat_body(name, messages, tools, think, options)
        return collect_chat(self._stream("/api/chat", body), url=self.url, on_text=on_text)

    def chat_as_openai(
        self, name: str, text: str, sound: tuple[bytes, str] | None = None, *, limit: int
    ) -> Completion:
        """One answer by /v1/chat/completions, at temperature 0. sound: a file's bytes and its format."""
        parts: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if sound is not None:
            data = {"data": base64.b64encode(sound[0]).decode("ascii"), "format": sound[1]}
            parts.append({"type": "input_audio", "input_audio": data})
        messages = [{"role": "user", "content": parts}]
        body = {"model": name, "messages": messages, "max_tokens": limit, "temperature": 0, "seed": 0}
        return openai_completion(self.url, self._ask("POST", OPENAI, body, timeout=self.patience))

    def transcribe(self, name: str, sound: bytes, filename: str) -> str:
        """What a model writes for a sound by /v1/audio/transcriptions."""
        path = "/v1/audio/transcriptions"
        form: dict[str, Any] = {"data": {"model": name}, "files": {"file": (filename, sound)}}
        within = under(Budget(self.patience))
        with (
            self._failures("POST", path),
            self._http.stream("POST", path, **form, timeout=self._timeout(), extensions=within) as reply,
        ):
            data = bounded(reply, MAX_REPLY_BYTES)
            check_status(self.url, f"POST {path}", reply, data)
            found = decode_object(self.url, f"POST {path}", data, limit=MAX_REPLY_BYTES).get("text")
        return found if isinstance(found, str) else ""

    def message(
        self,
        way: Way,
        name: str,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] | None = None,
        think: bool | str | None = None,
        options: Mapping[str, Any] | None = None,
        form: Any = None,
    ) -> Answer:
        """One answer by the given way; form: a JSON schema for it."""
        body = message_body(way, name, messages, tools, think, options, form)
        if not way.streamed:
            return collect(way, [self._ask("POST", way.path, body, timeout=self.patience)], url=self.url)
        events = way.path == OPENAI
        return collect(way, self._stream(way.path, body, events=events), url=self.url)

    def generate(
        self,
        name: str,
        prompt: str,
        *,
        images: Sequence[bytes] = (),
        options: Mapping[str, Any] | None = None,
        **extra: Any,
    ) -> Completion:
        """One answer by /api/generate; extra are its other keys (system, suffix, raw, template, think)."""
        body = generate_body(name, prompt, images, options, extra)
        return collect_generate(self._stream("/api/generate", body), url=self.url)

    def render(
        self,
        name: str,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] | None = None,
        think: bool | str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Rendered:
        """The prompt the server would send to its engine for this /api/chat; nothing is generated."""
        body = chat_body(name, messages, tools, think, options)
        return self._rendered("/api/chat", body)

    def render_generate(
        self,
        name: str,
        prompt: str,
        *,
        images: Sequence[bytes] = (),
        options: Mapping[str, Any] | None = None,
        **extra: Any,
    ) -> Rendered:
        """The prompt the server would send to its engine for this /api/generate."""
        return self._rendered("/api/generate", generate_body(name, prompt, images, options, extra))

    def unload(self, name: str) -> None:
        """Ends the engine that runs this model, as `ollama stop` does."""
        self._ask("POST", "/api/generate", {"model": name, "keep_alive": 0, "stream": False})

    # -- changing what is there ---------------------------------------------------------

    def create(self, request: Mapping[str, Any], on_progress: Progress | None = None) -> None:
        """POST /api/create; returns once the server said success, raises RefusedError on its error."""
        self._run(self._stream("/api/create", request), "/api/create", on_progress)

    def push(self, name: str, *, insecure: bool = False, on_progress: Progress | None = None) -> None:
        """POST /api/push: the server uploads the model to its registry."""
        body = {"model": name, "insecure": insecure}
        self._run(self._stream("/api/push", body), "/api/push", on_progress)

    def pull(self, name: str, *, insecure: bool = False, on_progress: Progress | None = None) -> None:
        """POST /api/pull: the server downloads the model from its registry."""
        body = {"model": name, "insecure": insecure}
        self._run(self._stream("/api/pull", body), "/api/pull", on_progress)

    def account(self) -> dict[str, Any]:
        """/api/me: the account of ollama.com that knows the server's key, with its `name`.

        Where none knows it, `signin_url` (0.33 and 0.34, server/routes.go, WhoamiHandler).
        """
        path = "/api/me"
        with (
            self._failures("POST", path),
            self._http.stream(
                "POST", path, timeout=self._timeout(QUICK_SECONDS), extensions=under(Budget(QUICK_SECONDS))
            ) as reply,
        ):
            data = bounded(reply, MAX_REPLY_BYTES)
            if reply.status_code != 401:
                check_status(self.url, f"POST {path}", reply, data)
                return decode_object(self.url, f"POST {path}", data, limit=MAX_REPLY_BYTES)
            found = json.loads(data)
        return {"signin_url": found.get("signin_url")} if isinstance(found, dict) else {}

    def copy(self, source: str, destination: str) -> None:
        """Gives a model a second name; a model that had that name is replaced.

        An interrupt waits for the answer: the server copies though nobody listens, perhaps after whoever was
        interrupted has looked what the name is, and put it right.
        """
        with Held(whole=True):
            self._ask("POST", "/api/copy", {"source": source, "destination": destination})

    def delete(self, name: str) -> None:
        """Removes a name, and the blobs that only it used."""
        self._ask("DELETE", "/api/delete", {"model": name})

    def has_blob(self, digest: str) -> bool:
        """Whether the server holds the blob `sha256:…`."""
        path = f"/api/blobs/{digest}"
        with self._failures("HEAD", path):
            reply = self._http.head(
                path, timeout=self._timeout(QUICK_SECONDS), extensions=under(Budget(QUICK_SECONDS))
            )
            if reply.status_code != 404:
                check_status(self.url, f"HEAD {path}", reply, b"")
        return reply.status_code != 404

    def upload_blob(self, digest: str, chunks: Iterable[bytes], size: int) -> None:
        """Uploads one blob of `size` bytes; the server hashes it and refuses another digest."""
        path = f"/api/blobs/{digest}"
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        # No deadline, a file can be of any size; the rate is watched.
        within = under(Budget(math.inf))
        with (
            self._failures("POST", path),
            self._http.stream("POST", path, content=chunks, headers=headers, extensions=within) as reply,
        ):
            check_status(self.url, f"POST {path}", reply, bounded(reply, MAX_REPLY_BYTES))

    # -- the wire -----------------------------------------------------------------------

    @cached_property
    def _http(self) -> httpx.Client:
        return open_client(self.url, login=self._login, key=self._key, silence=self.patience, lines=True)

    def _timeout(self, seconds: float | None = None) -> httpx.Timeout:
        import httpx

        return httpx.Timeout(seconds or self.patience, connect=CONNECT_SECONDS)

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, timeout: float = QUICK_SECONDS
    ) -> dict[str, Any]:
        """One JSON object for one request."""
        with (
            self._failures(method, path),
            self._http.stream(
                method,
                path,
                **json_request(body),
                timeout=self._timeout(timeout),
                extensions=under(Budget(timeout)),
            ) as reply,
        ):
            data = bounded(reply, MAX_REPLY_BYTES)
            self._clock = date_of(reply)
            check_status(self.url, f"{method} {path}", reply, data)
            found = decode_object(self.url, f"{method} {path}", data, limit=MAX_REPLY_BYTES)
            return checked(self.url, f"{method} {path}", found)

    def _stream(
        self, path: str, body: Mapping[str, Any], *, events: bool = False
    ) -> Iterator[dict[str, Any]]:
        """The objects of an NDJSON stream; an error object inside it is raised as a RefusedError.

        events: they come as server-sent events.
        """
        with (
            self._failures("POST", path),
            self._http.stream("POST", path, **json_request({**body, "stream": True})) as reply,
        ):
            if reply.status_code != 200:
                check_status(self.url, f"POST {path}", reply, bounded(reply, MAX_REPLY_BYTES))
            chunks = event_lines(reply.iter_bytes()) if events else reply.iter_bytes()
            for found in stream_objects(self.url, f"POST {path}", chunks):
                yield checked(self.url, f"POST {path}", found)

    def _run(self, parts: Iterable[Mapping[str, Any]], path: str, on_progress: Progress | None) -> None:
        done = False
        for part in parts:
            done = part.get("status") == "success"
            if on_progress:
                on_progress(part)
        if not done:
            raise half_a_stream(self.url, path)

    def _rendered(self, path: str, body: dict[str, Any]) -> Rendered:
        body = {**body, "_debug_render_only": True, "stream": False}
        info = self._ask("POST", path, body, timeout=self.patience).get("_debug_info")
        if not isinstance(info, Mapping) or not isinstance(info.get("rendered_template"), str):
            self.require("debug_render", "asking for the rendered prompt")
            raise ServerError(
                f"{self.url} answered {path} without the rendered prompt that was asked for",
                help="the server does not know _debug_render_only; is it Ollama itself?",
                code="MK804",
            )
        return Rendered(info["rendered_template"], int(info.get("image_count") or 0))

    @contextmanager
    def _failures(self, method: str, path: str) -> Iterator[None]:
        """Turns what the libraries raise into a ServerError."""
        import httpx

        asked = f"{method} {path}"
        try:
            yield
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ConnectionError) as e:
            raise transport_error(self.url, asked, e) from e
        except (json.JSONDecodeError, UnicodeDecodeError) as e:
            raise ServerError(
                f"{self.url} answered {asked} with something that is not JSON: {e}",
                help="is there a proxy or another program at this address?",
                code="MK804",
            ) from e
