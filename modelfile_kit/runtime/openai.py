"""What we need of a server that speaks OpenAI's API: llama-server, vLLM, Ollama's /v1 and their like.

The client library of OpenAI is not needed for it. Every failure is a ServerError, as with an Ollama server.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..core.api_keys import OPENAI_KEY
from ..core.errors import ServerError, UsageError
from ..core.http_client import ClientOwner, json_request, open_client
from ..core.urls import require_closed_login, shown_server, without_login
from .ollama.answer_shapes import checked
from .ollama.messages import OPENAI, Answer, Way, collect, event_lines
from .ollama.replies import (
    ServerKind,
    bounded,
    check_status,
    decode_object,
    half_a_stream,
    stream_objects,
    transport_error,
)

if TYPE_CHECKING:
    import httpx

KEY_VARIABLE = OPENAI_KEY.variable
PATIENCE_SECONDS = 900.0  # silence while a model is loaded or an image is encoded
TRANSCRIPTIONS = "/v1/audio/transcriptions"
MAX_REPLY_BYTES = 64 << 20

_KIND = ServerKind(
    "OpenAI-compatible server",
    "start it (llama-server, vLLM or another), or give the address of one that runs",
    "GET /v1/models lists the names that are there",
    f"the server wants an API key: put it into the environment variable {KEY_VARIABLE}, and its host into "
    f"{OPENAI_KEY.hosts_variable} if it is another machine",
    "the server's own log says more",
    "the address",
)


class OpenAIServer(ClientOwner):
    """A client of one server.

    url: `http(s)://host[:port]`, with or without `/v1`. api_key: sent as bearer token; None takes
    OPENAI_API_KEY from the environment, if it is for this host (`core.api_keys`). patience: seconds of
    silence that are borne. Every failure is a `ServerError`; a url that is none, and a key that would travel
    in the open (MK817), is a UsageError. Use it as a context manager, or call `close`.
    """

    def __init__(self, url: str, *, api_key: str | None = None, patience: float = PATIENCE_SECONDS) -> None:
        self.url, self._login = without_login(_base(url))
        self.patience = patience
        self._key = OPENAI_KEY.key_for(self.url) if api_key is None else api_key

    def models(self) -> list[dict[str, Any]]:
        """GET /v1/models: `id` of each model, and what else the server says of it."""
        found = self.ask("GET", "/v1/models").get("data")
        if not isinstance(found, list):
            raise ServerError(
                f"{self.url} answered GET /v1/models without a list of models",
                help="check the address: is it a server with OpenAI's API?",
                code="MK804",
            )
        return [model for model in found if isinstance(model, dict)]

    def chat(self, body: Mapping[str, Any], on_text: Callable[[str], None] | None = None) -> Answer:
        """One answer to a body of POST /v1/chat/completions; `stream` in it decides how it comes.

        on_text: told each piece of the answer when it comes. A stream that ends before the server said why
        is a ServerError (MK805).
        """
        way = Way(OPENAI, bool(body.get("stream")))
        parts: Iterable[dict[str, Any]] = (
            self.stream(body) if way.streamed else [self.ask("POST", OPENAI, body)]
        )
        answer = collect(way, parts, url=self.url, on_text=on_text)
        if not answer.finish:
            raise half_a_stream(self.url, OPENAI)
        return answer

    def transcribe(self, model: str, sound: bytes, filename: str) -> str:
        """What a model writes for a sound by POST /v1/audio/transcriptions."""
        form: dict[str, Any] = {"data": {"model": model}, "files": {"file": (filename, sound)}}
        found = self._one_object("POST", TRANSCRIPTIONS, **form).get("text")
        return found if isinstance(found, str) else ""

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One JSON object for one request."""
        return self._one_object(method, path, **json_request(body))

    def _one_object(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        asked = f"{method} {path}"
        with self._failures(asked), self._http.stream(method, path, **request) as reply:
            data = bounded(reply, MAX_REPLY_BYTES)
            check_status(self.url, asked, reply, data, _KIND)
            found = decode_object(self.url, asked, data, limit=MAX_REPLY_BYTES, kind=_KIND)
            return checked(self.url, asked, found)

    def stream(self, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The chunks of a streamed chat completion; an error inside the stream is raised."""
        asked = f"POST {OPENAI}"
        with (
            self._failures(asked),
            self._http.stream("POST", OPENAI, **json_request({**body, "stream": True})) as reply,
        ):
            if reply.status_code != 200:
                check_status(self.url, asked, reply, bounded(reply, MAX_REPLY_BYTES), _KIND)
            for found in stream_objects(self.url, asked, event_lines(reply.iter_bytes()), _KIND):
                yield checked(self.url, asked, found)

    @cached_property
    def _http(self) -> httpx.Client:
        return open_client(
            self.url,
            login=self._login,
            key=self._key,
            silence=self.patience,
            lines=True,
            keep=False,  # llama-server closes a connection that it kept while a request is already on its way
        )

    @contextmanager
    def _failures(self, asked: str) -> Iterator[None]:
        import httpx

        try:
            yield
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ConnectionError) as e:
            raise transport_error(self.url, asked, e, _KIND) from e


def image_part(image: bytes) -> dict[str, Any]:
    """An image file as a part of a message's content: a data URL."""
    text = base64.b64encode(image).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:{media_type(image)};base64,{text}"}}


def sound_part(sound: bytes, format: str) -> dict[str, Any]:
    """A sound file as a part of a message's content; format: "wav" or "mp3"."""
    data = {"data": base64.b64encode(sound).decode("ascii"), "format": format}
    return {"type": "input_audio", "input_audio": data}


def media_type(image: bytes) -> str:
    """The media type of a PNG, JPEG, WebP or GIF file by its first bytes."""
    if image.startswith(b"\xff\xd8"):
        return "image/jpeg"
    if image.startswith(b"RIFF") and image[8:12] == b"WEBP":
        return "image/webp"
    return "image/gif" if image.startswith(b"GIF8") else "image/png"


def _base(url: str) -> str:
    text = url.strip().rstrip("/")
    require_closed_login(text, "the address of the server", server=True)
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        known = known and not set(text) & set("?#") and bool(text.encode())
    except ValueError:  # a port that is none
        known = False
    if not known:
        raise UsageError(
            f"{shown_server(url)!r} is not the address of a server",
            help="write it as http://127.0.0.1:8080, with or without /v1",
        )
    return text.removesuffix("/v1").rstrip("/")
