"""Pushing a model from a server to a registry: what can be known to fail is told before anything goes there.

The server uploads by itself (0.34, server/upload.go): it tries each part again, and a registry keeps whole
blobs, so that asking a second time sends only what is missing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from ..core.errors import KitError, ServerError, UsageError
from ..core.numbers import told_count
from ..core.progress import Progress, Step
from ..runtime.ollama.client import OllamaServer
from ..runtime.ollama.replies import HalfStreamError, RefusedError
from ..sources.model_name import LIBRARY, ModelName, parse_model_name, with_tag
from ..sources.registry import Registry
from ..sources.registry_errors import NOT_SECURE
from ..sources.registry_names import host_problem, repository_problem
from .names import require_name

NOT_SIGNED_IN = "MK828"
OTHER_NAMESPACE = "MK829"
WANTS_LOGIN = "MK844"
ATTEMPTS = 3  # to push, in all; blobs that have arrived are not sent again
RETRY_SECONDS = 1.0

# What an Ollama server says where its connection to the registry broke; asking it again may do.
_BROKEN = re.compile(
    r"\bEOF\b|connection (?:reset|refused)|broken pipe|max retries exceeded|\bstalled\b"
    r"|(?:^|\D)(?:429|50[0234])(?:: |\b.{0,40}http status)|http status (?:429|50[0234])",
    re.IGNORECASE,
)
_RELATIVE = "no Host in request URL"


def require_pushable(server: OllamaServer | None, name: str, *, insecure: bool = False) -> str:
    """Raises for a name that cannot be pushed, before anything is built or uploaded; who pushes it.

    server: the one that will push, which is asked whose key it has where the name leads to ollama.com; None
    where the kit pushes by itself.

    Raises UsageError: MK508 for no valid name, MK847 for `http://` without `insecure`, MK829 for a namespace
    of somebody else; ServerError MK828 where the server is not signed in. Returns the account, "" where none
    is needed, or the server is too old to say.
    """
    require_name(name)
    parts = parse_model_name(name)
    if parts.scheme == "http" and not insecure:
        raise UsageError(
            f"{name} names a registry without HTTPS",
            help="a registry in your own network is used so with --insecure",
            code="MK847",
        )
    if not parts.on_ollama_com:
        _require_plain(name, parts)
        return ""
    return _require_account(server, name, parts) if server else ""


def require_https(name: str) -> None:
    """Raises RegistryError MK847 where the registry of a name answers this machine, and without HTTPS.

    For a server on this machine, which would meet the same at the end of all the work. What else is wrong
    with a registry is told by the push.
    """
    parts = parse_model_name(require_name(name))
    if parts.on_ollama_com:
        return
    try:
        with Registry(parts.host) as registry:
            registry.manifest_digest(parts.repository, parts.tag)
    except KitError as error:
        if error.code == NOT_SECURE:
            raise


def push_on(
    server: OllamaServer, name: str, *, insecure: bool = False, progress: Progress | None = None
) -> None:
    """The server pushes its model; asked again where the connection breaks, on either side of it.

    insecure: plain HTTP to the registry. Raises ServerError where the registry refuses, or stays away; what
    has arrived there by then stays.
    """
    told = ByteCount("push", progress, _size(server, name) if progress else 0)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            server.push(name, insecure=insecure, on_progress=told)
            return
        except ServerError as error:
            if not _breaks(error) or attempt == ATTEMPTS:
                raise _explained(error, name) from error
            time.sleep(RETRY_SECONDS * attempt)


class ByteCount:
    """Adds up what a server says about single blobs of a push or a pull. total: bytes of all, if known."""

    def __init__(self, stage: str, progress: Progress | None, total: int = 0) -> None:
        self._stage = stage
        self._progress = progress
        self._total = total
        self._blobs: dict[str, tuple[int, int]] = {}

    def __call__(self, part: Mapping[str, Any]) -> None:
        if self._progress is None:
            return
        digest, status = part.get("digest"), str(part.get("status") or "")
        if isinstance(digest, str):
            self._blobs[digest] = (told_count(part.get("completed")), told_count(part.get("total")))
        done = sum(done for done, _ in self._blobs.values())
        total = max(self._total, sum(total for _, total in self._blobs.values()))
        self._progress(Step(self._stage, status, done, total))


def _size(server: OllamaServer, name: str) -> int:
    """How large the model is, 0 where the server does not say."""
    wanted = with_tag(name).casefold()
    for model in server.models():
        if str(model.get("model")).casefold() == wanted:
            return told_count(model.get("size"))
    return 0


def _breaks(error: ServerError) -> bool:
    if isinstance(error, RefusedError):
        return _BROKEN.search(error.detail) is not None and _RELATIVE not in error.detail
    return isinstance(error, HalfStreamError) or error.code == "MK805"


def _explained(error: ServerError, name: str) -> ServerError:
    """The error of a push, where the server's own words lead astray."""
    if not isinstance(error, RefusedError):
        return error
    host = parse_model_name(name).host
    said: dict[str, Any] = {"status": error.status}
    if re.search(r'realm host \\?"', error.detail):
        return ServerError(
            f"{host} wants a login that an Ollama server does not have ({error.detail})",
            help=f"push with `--by kit`, which has the logins of docker and podman (`docker login {host}`)",
            code=WANTS_LOGIN,
            **said,
        )
    if _RELATIVE in error.detail:
        return ServerError(
            f"{host} names its uploads without a host, which no Ollama server takes ({error.detail})",
            help="push with `--by kit`, or let the registry write whole addresses (`relativeurls: false`)",
            code="MK843",
            **said,
        )
    if error.detail.strip() == "file does not exist":
        return ServerError(
            f"{host} answers the push of {name} with HTTP 404: there is no registry, or none for this name",
            help="check the host of the name; some registries want the repository to be made first",
            code="MK846",
            **said,
        )
    if "server gave HTTP response to HTTPS client" in error.detail:
        return ServerError(
            f"{host} does not speak HTTPS",
            help="a registry without it, in your own network, is used with --insecure",
            code="MK847",
            **said,
        )
    if "dial tcp" in error.detail:
        return ServerError(
            f"no registry answers the Ollama server at {host} ({error.detail})",
            help="check the host and the port of the name, and that a registry runs there",
            code="MK802",
            **said,
        )
    return error


def _require_plain(name: str, parts: ModelName) -> None:
    """Registries other than Ollama's take small letters only."""
    if problem := host_problem(parts.host):
        raise UsageError(f"{name}: {problem}", help="write HOST:PORT/NAMESPACE/MODEL[:TAG]", code="MK508")
    for what, text in (("namespace", parts.namespace), ("model", parts.model)):
        if problem := repository_problem(text):
            raise UsageError(
                f"{name}: the {what} {problem}",
                help=f"for example {parts.host}/{parts.repository.lower()}:{parts.tag}",
                code="MK508",
            )


def _require_account(server: OllamaServer, name: str, parts: ModelName) -> str:
    """The account of ollama.com that the server pushes for."""
    try:
        found = server.account()
    except RefusedError as error:
        if error.status == 404:
            return ""  # older than /api/me
        raise ServerError(
            f"{server.url} could not find out who is signed in at ollama.com: {error.detail}",
            help="that machine needs a way to https://ollama.com (behind a proxy the server wants "
            "HTTPS_PROXY); nothing was uploaded",
            status=error.status,
            code=NOT_SIGNED_IN,
        ) from error
    user = found.get("name")
    if not isinstance(user, str) or not user:
        raise ServerError(
            f"{server.url} is not signed in to ollama.com, so it cannot push {name}",
            help=_how_to_sign_in(found.get("signin_url")),
            status=401,
            code=NOT_SIGNED_IN,
        )
    if parts.namespace.casefold() != user.casefold():
        whose = (
            "the names without a namespace are Ollama's own"
            if parts.namespace.lower() == LIBRARY
            else f"the namespace {parts.namespace} is another's"
        )
        raise UsageError(
            f"{name}: {whose}, and {server.url} is signed in as {user}",
            help=f"push it as {user}/{parts.model}:{parts.tag} with --to, or sign in with the other account",
            code=OTHER_NAMESPACE,
        )
    return user


def _how_to_sign_in(url: object) -> str:
    """The address comes from the server: only one of ollama.com is passed on."""
    advice = "run `ollama signin` on that machine; nothing was uploaded"
    if isinstance(url, str) and url.startswith("https://ollama.com/"):
        return f"open {url} and sign in, or {advice}"
    return advice
