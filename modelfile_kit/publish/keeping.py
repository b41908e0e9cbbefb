"""The model that another one replaced: it stays on the server under a tag of its own, and can come back.

A kept model costs no room but for what only it uses: a second name is a second manifest of the same blobs.

No model is ever under working names alone that a sweep would remove. The one that is replaced gets a working
name that says where it is to go; then the new one takes the name over; and only then the other goes there,
and what was kept before gives way. Whoever is killed in between leaves all of them, and the next sweep brings
the replaced one to its place.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ..core.errors import ServerError, UsageError
from ..core.interrupts import terminated_as_interrupted
from ..runtime.ollama.client import OllamaServer
from ..sources.model_name import base_of, tag_of, with_tag
from .claims import claimed, one_at_a_time
from .names import moving_name
from .take_over import digest_of, end_engine, put_back, remove, sweep, take_over, working_model

BEFORE_REPAIR = "before-repair"
PREVIOUS = "previous"
# A longer tag is cut: with more behind it, and within a working name, it has to be one of at most 80.
KEPT_TAG = 34
NOTHING_KEPT = "MK842"


@dataclass(frozen=True)
class Kept:
    """A model that was replaced. name: its own now; digest: of its manifest; since: when it was put there."""

    name: str
    digest: str
    since: datetime | None


@dataclass(frozen=True)
class RolledBack:
    """What a rollback did.

    name: the model's; source: the kept name that was taken; digest: what the name has now; kept: the name
    under which the model is that had it before, "" where none had.
    """

    name: str
    source: str
    digest: str
    kept: str


def previous_name(name: str) -> str:
    """Where `publish --keep-previous` keeps the replaced model; one a name, the one before gives way."""
    return f"{_kept_base(name)}-{PREVIOUS}"


def before_repair_name(server: OllamaServer, name: str) -> str:
    """A free name for the model that is repaired: its tag, and what it is."""
    start = f"{_kept_base(name)}-{BEFORE_REPAIR}"
    taken = {str(model.get("model") or "").casefold() for model in server.models()}
    number = 1
    while (found := f"{start}{f'-{number}' if number > 1 else ''}").casefold() in taken:
        number += 1
    return found


def _kept_base(name: str) -> str:
    """The name; a tag that is too long for more behind it is cut, and its digest stands for all of it."""
    tag = tag_of(name)
    if len(tag) > KEPT_TAG:
        mark = hashlib.sha256(tag.casefold().encode()).hexdigest()[:8]
        tag = f"{tag[: KEPT_TAG - len(mark) - 1]}-{mark}"
    return f"{base_of(name)}:{tag}"


@contextlib.contextmanager
def replacing(server: OllamaServer, name: str) -> Iterator[None]:
    """Waits until no other command of this user replaces and keeps the model of that name."""
    with one_at_a_time(server.url, f"{with_tag(name)} kept"):
        yield


@contextlib.contextmanager
def keeping(server: OllamaServer, name: str, kept: str) -> Iterator[str]:
    """The model of `name` is under `kept` afterwards, if what is done inside replaced it.

    Where that fails, the name has its model again, and `kept` is as it was; where it was done already and is
    interrupted in the tidying up, it stays done. To be used inside `replacing`.
    """
    moving = moving_name(kept)
    with claimed(moving):
        try:
            server.copy(name, moving)
            if digest_of(server, moving) != digest_of(server, name):
                raise ServerError(
                    f"{server.url} copied {name}, which is to be kept, and the copy is not what was copied",
                    help="the server's disk may be full: make room and try again",
                    code="MK811",
                )
            yield kept
            if digest_of(server, moving) != digest_of(server, name):
                take_over(server, moving, kept)
        except BaseException:
            if _is_done(server, moving, kept) or put_back(server, moving, name):
                remove(server, moving)
            raise
        remove(server, moving)


def _is_done(server: OllamaServer, moving: str, kept: str) -> bool:
    """Whether the replaced model is in its place: what was there before is gone, and nothing goes back."""
    with contextlib.suppress(ServerError):
        digest = digest_of(server, moving)
        return digest is not None and digest_of(server, kept) == digest
    return False


def kept_models(server: OllamaServer, name: str) -> list[Kept]:
    """The models that were replaced under this name, the latest first."""
    pattern = re.compile(
        rf"{re.escape(_kept_base(name))}-(?:{PREVIOUS}|{BEFORE_REPAIR}(?:-[0-9]+)?)", re.IGNORECASE
    )
    found = []
    for model in server.models():
        listed, moment = str(model.get("model") or ""), model.get("modified_at")
        if pattern.fullmatch(listed):
            since = moment if isinstance(moment, datetime) else None
            found.append(Kept(listed, str(model.get("digest") or ""), since))
    return sorted(found, key=lambda k: (k.since is not None, k.since or 0, k.name), reverse=True)


def roll_back(server: OllamaServer, name: str, to: str | None = None) -> RolledBack:
    """Gives a name the model back that was replaced; the present one is kept, so that this too goes back.

    to: the kept model's name, or its tag; None takes the one that was replaced last. The kept name that was
    taken goes, unless it is one that the user gave. Nothing is uploaded.

    Raises UsageError (MK842) where no other model is kept, ServerError where the server fails; the name has
    its model then.
    """
    with terminated_as_interrupted(), replacing(server, name):
        return _rolled_back(server, name, to)


def _rolled_back(server: OllamaServer, name: str, to: str | None) -> RolledBack:
    sweep(server)
    present = digest_of(server, name)
    source = _source(server, name, present, to)
    own = source.name.casefold() in {k.name.casefold() for k in kept_models(server, name)}
    with working_model(server, name) as temporary:
        server.copy(source.name, temporary)
        kept = ""
        with contextlib.ExitStack() as stack:
            if present is not None:
                kept = stack.enter_context(keeping(server, name, previous_name(name)))
            digest = take_over(server, temporary, name)
    end_engine(server, name)
    if own and source.name.casefold() != kept.casefold():
        with contextlib.suppress(ServerError):
            server.delete(source.name)
    return RolledBack(name, source.name, digest, kept)


def _source(server: OllamaServer, name: str, present: str | None, to: str | None) -> Kept:
    """The kept model that is to come back."""
    kept = kept_models(server, name)
    if to is not None:
        wanted = with_tag(to) if ":" in to or "/" in to else f"{base_of(name)}:{to}"
        digest = digest_of(server, wanted)
        if digest is None:
            raise UsageError(
                f"{server.url} has no model {wanted}, to which {name} is to go back",
                help=_there(name, kept),
                code=NOTHING_KEPT,
            )
        found = [Kept(wanted, digest, None)]
    else:
        found = kept
    other = [k for k in found if k.digest != present]
    if other:
        return other[0]
    what = f"{found[0].name} is the same model" if found else "none is kept"
    if present is None:
        what += f", and {server.url} has no {with_tag(name)}"
    raise UsageError(
        f"{name} cannot go back to a model that was replaced: {what}",
        help=_there(name, [k for k in kept if k.digest != present]),
        code=NOTHING_KEPT,
    )


def _there(name: str, kept: list[Kept]) -> str:
    if kept:
        return f"kept of {name}: {', '.join(k.name for k in kept)}"
    return f"`publish --keep-previous` and `repair` keep what they replace, as {previous_name(name)}"
