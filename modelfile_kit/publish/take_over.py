"""Taking a name over: the model of that name is the old one or the new one, never a wreck.

Ollama writes a model's manifest last (0.33, server/create.go, createModel), but in place, and prunes
after it; an error there would leave the name changed. So a model is created under a working name,
looked at, and only then copied over the name; the old one is kept under a second working name until
the copy is seen to be whole. A copy is written in place too (server/images.go, CopyModel): a server that
dies in it leaves a torn manifest, which it does not list. The kept one is put back then, by this publish or
the next. Working names that a killed publish left behind are removed by the next, of whichever model.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ..core.errors import ServerError
from ..runtime.ollama.client import OllamaServer
from ..sources.model_name import base_of, with_tag
from .claims import claimed, forget, in_use, one_at_a_time
from .names import is_working_name, keeping_name, kept_for, meant_for, working_name

STALE = timedelta(hours=1)  # of a publish elsewhere: it holds its working names for minutes at most


@dataclass(frozen=True)
class Leftover:
    """A working name on a server.

    name: as the server lists it; age: since it was written, None where the server does not say; running:
    whether its publish still runs, None where this machine does not know; removed: whether it was removed;
    restored: the name that got back the model that was kept under this one, "" for none.
    """

    name: str
    age: timedelta | None
    running: bool | None
    removed: bool = False
    restored: str = ""


def digest_of(server: OllamaServer, name: str) -> str | None:
    """The digest of the manifest that the server lists for a name; None where there is none."""
    return _digests(server).get(_listed(name))


def _digests(server: OllamaServer) -> dict[str, str]:
    """The digests of all manifests, by the names as `_listed` writes them."""
    listed = ((str(m.get("model") or "").casefold(), str(m.get("digest") or "")) for m in server.models())
    return dict(reversed(list(listed)))  # the first of a name counts


def _listed(name: str) -> str:
    return with_tag(name).casefold()


@contextlib.contextmanager
def working_model(server: OllamaServer, name: str) -> Iterator[str]:
    """A working name; whatever happens, the model under it is gone afterwards."""
    temporary = working_name(name)
    with claimed(temporary):
        try:
            yield temporary
        finally:
            remove(server, temporary)


def take_over(server: OllamaServer, temporary: str, name: str) -> str:
    """Makes `name` the model that `temporary` is; the digest of its manifest.

    If the copy fails, is torn or is interrupted, the old model is put back and the error goes on.
    """
    with one_at_a_time(server.url, with_tag(name)):
        digests = _digests(server)
        meant, before = digests.get(_listed(temporary)), digests.get(_listed(name))
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


def clean(server: OllamaServer) -> list[Leftover]:
    """Every working name on the server, of whichever model; those that nobody needs any more are removed.

    That is: their publish ran on this machine and has ended, or they are older than an hour and no publish
    of this machine. A kept model whose name is gone gets its name back before; one that was on its way to a
    name, and has no other, gets that name.
    """
    listed = {str(m.get("model") or ""): m.get("modified_at") for m in server.models()}
    found = {}
    working = [name for name in listed if is_working_name(name)]
    # What gets its name back first is not without a name when the others are looked at.
    for name in sorted(working, key=lambda name: not kept_for(name)):
        modified = listed[name]
        age = server.clock - _aware(modified) if isinstance(modified, datetime) else None
        running = in_use(name)
        over = running is False or (running is None and age is not None and age > STALE)
        left = Leftover(name, age, running)
        found[name] = _cleaned(server, left) if over else left
    return [found[name] for name in working]


def sweep(server: OllamaServer) -> list[str]:
    """Removes what killed publishes left, as `clean` does; the names that are gone."""
    return [left.name for left in clean(server) if left.removed]


def _cleaned(server: OllamaServer, left: Leftover) -> Leftover:
    home = _lacking(server, left.name)
    if home:
        with contextlib.suppress(ServerError):
            server.copy(left.name, home)
        if digest_of(server, home) != digest_of(server, left.name):
            return left  # the only copy: better a working name too many
    return Leftover(left.name, left.age, left.running, remove(server, left.name), home)


def _lacking(server: OllamaServer, name: str) -> str:
    """The name that has to get the model of this working name before that goes, "" for none."""
    kept, meant = kept_for(name), meant_for(name)
    if not kept and not meant:
        return ""
    digests = _digests(server)
    if kept:
        return "" if _listed(kept) in digests else kept
    own, base = digests.get(_listed(name)), base_of(name).casefold()
    # Under a name of another model it would be there, but not where who looks for what was kept finds it.
    has_name = any(
        d == own and base_of(other) == base and not is_working_name(other) for other, d in digests.items()
    )
    return "" if own is None or has_name else meant


@contextlib.contextmanager
def _kept(server: OllamaServer, name: str, *, existing: bool) -> Iterator[None]:
    """Keeps the old model of that name at hand and puts it back on any failure."""
    if not existing:
        try:
            yield
        except BaseException:
            remove(server, name)
            raise
        return
    backup = keeping_name(name)
    with claimed(backup):
        try:
            server.copy(name, backup)
            yield
        except BaseException:
            if put_back(server, backup, name):
                remove(server, backup)
            raise
        remove(server, backup)


def put_back(server: OllamaServer, backup: str, name: str) -> bool:
    """Gives the name the model of `backup` again; whether it has that one, or there is none to put back."""
    try:
        kept = digest_of(server, backup)
        if kept is None:
            return True
        if digest_of(server, name) != kept:
            server.copy(backup, name)
        return digest_of(server, name) == kept
    except ServerError:
        return False  # the server is gone; the next publish finds what is kept


def remove(server: OllamaServer, name: str) -> bool:
    """Deletes a name, and whether it was there; if not, it may still come, from a `create` left alone."""
    with contextlib.suppress(ServerError):
        server.delete(name)
        forget(name)
        return True
    return False


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
