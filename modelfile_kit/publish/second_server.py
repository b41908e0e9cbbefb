"""A pushed model, pulled by another server and verified there: what strangers get of it."""

from __future__ import annotations

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import KitError, ServerError, UsageError
from ..core.progress import Progress
from ..core.urls import origin
from ..runtime.ollama.client import OllamaServer
from ..runtime.ollama.replies import RefusedError
from ..sources.model_name import parse_model_name
from ..sources.registry import Registry
from .expectation import Expectation
from .push import ByteCount
from .verify import VerifyReport, verify_on

WITHOUT_REDIRECT = "MK826"
WITHOUT_REDIRECT_HELP = (
    "Ollama (up to 0.34.4) pulls only from registries that redirect to where a file is, as with a store in a "
    "cloud; for others put a proxy before it that redirects, see docs/pushing.md"
)


def require_other_server(first: str, second: str) -> None:
    """Raises UsageError where both are the same server, which has the model and would pull nothing."""
    if origin(first) == origin(second):
        raise UsageError(
            f"{second} is the server that pushes: it has the model already, so its pull would show nothing",
            help="name another server with --verify-on",
        )


def verify_elsewhere(
    host: str,
    name: str,
    *,
    insecure: bool = False,
    expectation: Expectation | None = None,
    progress: Progress | None = None,
) -> VerifyReport:
    """Another server pulls the model from its registry, and it is verified there.

    host: as `OllamaServer` takes it; a model that has the name there is replaced, as by every pull.
    insecure: plain HTTP to the registry. expectation: what the model is compared with.
    Raises ServerError where it cannot be pulled, or the server cannot be asked.
    """
    with OllamaServer(host) as server:
        try:
            server.pull(name, insecure=insecure, on_progress=ByteCount("pull", progress))
        except RefusedError as error:
            if "no Location header" in error.detail:
                raise ServerError(
                    f"{server.url} cannot pull {name}: its registry sends files itself",
                    help=WITHOUT_REDIRECT_HELP,
                    status=error.status,
                    code=WITHOUT_REDIRECT,
                ) from error
            raise
        return verify_on(server, name, expectation=expectation, progress=progress)


def hindrance_of(name: str, *, insecure: bool = False) -> Diagnostic | None:
    """A finding where no Ollama server can pull a pushed model, since the registry sends files itself.

    Seen from this machine; None also where the registry cannot be asked from here.
    Source: Ollama 0.34.4, server/download.go, which takes the address of a file from a redirect alone.
    """
    parts = parse_model_name(name)
    try:
        with Registry(parts.host, insecure=insecure) as registry:
            blobs = registry.manifest(parts.repository, parts.tag).blobs
            if not blobs or registry.redirects(parts.repository, blobs[0]):
                return None
    except KitError:
        return None
    message = f"no Ollama server can pull {name}: {parts.host} sends files itself instead of redirecting"
    return Diagnostic(WITHOUT_REDIRECT, Severity.WARNING, message, None, WITHOUT_REDIRECT_HELP)
