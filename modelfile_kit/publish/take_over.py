"""Taking a name over: the model of that name is the old one or the new one, never a wreck.

Ollama writes a model's manifest last (0.33, server/create.go, createModel), but in place, and prunes
after it; an error there would leave the name changed. So a model is created under a working name,
looked at, and only then copied over the name; the old one is kept under a second working name until
the copy is seen to be whole. Working names that a killed publish left behind are removed by the next.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from ..core.errors import ServerError
from ..runtime.ollama.client import OllamaServer
from .names import is_working_name, with_tag, working_name

STALE = timedelta(hours=1)  # a publish holds its working names for seconds, with verification for minutes


def digest_of(server: OllamaServer, name: str) -> str | None:
    """The digest of the manifest that the server lists for a name; None where there is none."""
    wanted = with_tag(name).casefold()
    for model in server.models():
        if str(model.get("model") or "").casefold() == wanted:
            return str(model.get("digest") or "")
    return None


@contextlib.contextmanager
def working_model(server: OllamaServer, name: str) -> Iterator[str]:
    """A working name; whatever happens, the model under it is gone afterwards."""
    temporary = working_name(name)
    try:
        yield temporary
    finally:
        _remove(server, temporary)


def take_over(server: OllamaServer, temporary: str, name: str) -> str:
    """Makes `name` the model that `temporary` is; the digest of its manifest.

    If the copy fails, is torn or is interrupted, the old model is put back and the error goes on.
    """
    meant = digest_of(server, temporary)
    before = digest_of(server, name)
    if before is not None and before == meant:
        return before
    with _kept(server, name, existing=before is not None):
        server.copy(temporary, name)
        if digest_of(server, name) != meant:
            raise ServerError(
                f"{server.url} copied the new model to {name}, and the copy is not what was copied",
                help="the server's disk may be full: make room and publish again",
                code="MK811",
            )
    return meant or ""


def end_engine(server: OllamaServer, name: str) -> None:
    """Ends an engine that runs these files for another model.

    Ollama 0.33 would go on using it for the new one, with the template handling of the old (server/sched.go,
    needsReload compares files and options only).
    """
    with contextlib.suppress(ServerError):
        server.unload(name)


def sweep(server: OllamaServer, name: str) -> list[str]:
    """Removes the working names of `name` that a killed publish left an hour ago or more."""
    removed = []
    now = datetime.now(timezone.utc)
    for model in server.models():
        listed = str(model.get("model") or "")
        modified = model.get("modified_at")
        if (
            is_working_name(listed, name)
            and isinstance(modified, datetime)
            and now - _aware(modified) > STALE
        ):
            _remove(server, listed)
            removed.append(listed)
    return removed


@contextlib.contextmanager
def _kept(server: OllamaServer, name: str, *, existing: bool) -> Iterator[None]:
    """Keeps the old model of that name at hand and puts it back on any failure."""
    if not existing:
        try:
            yield
        except BaseException:
            _remove(server, name)
            raise
        return
    backup = working_name(name)
    try:
        server.copy(name, backup)
        try:
            yield
        except BaseException:
            with contextlib.suppress(ServerError):
                server.copy(backup, name)
            raise
    finally:
        _remove(server, backup)


def _remove(server: OllamaServer, name: str) -> None:
    """Deletes a name if it is there; a server that is gone has nothing to be cleaned up."""
    with contextlib.suppress(ServerError):
        server.delete(name)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
