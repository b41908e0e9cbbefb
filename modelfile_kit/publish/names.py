"""Model names: what Ollama takes as one, and the names a publish works under."""

from __future__ import annotations

import re
import secrets

from ..errors import UsageError

WORKING_TAG = "mkmodelfile-"  # every name the kit makes up for itself has a tag that begins so

# Ollama 0.33, types/model/name.go: the parts of `host/namespace/model:tag`.
_HOST = r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}"
_SPACE = r"[A-Za-z0-9_][A-Za-z0-9_-]{0,79}"
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}"
_NAME = re.compile(rf"(?:[a-z]+://)?(?:(?:{_HOST}/)?{_SPACE}/)?(?P<model>{_PART})(?::(?P<tag>{_PART}))?")


def check_name(name: str) -> str:
    """The name, if Ollama takes it as one for a model; else UsageError (MK813)."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise UsageError(
            f"{name!r} is no model name",
            help="write it as model, model:tag or namespace/model:tag; letters, digits, _, - and . are "
            "allowed, the first must be a letter, a digit or _",
            code="MK813",
        )
    if (match["tag"] or "").startswith(WORKING_TAG):
        raise UsageError(
            f"{name!r}: tags that begin with {WORKING_TAG!r} are names the kit works under",
            help="choose another tag",
            code="MK813",
        )
    return name


def base_of(name: str) -> str:
    """The name without its tag."""
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def with_tag(name: str) -> str:
    """The name as the server lists it: with `:latest` where there is no tag."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def working_name(name: str) -> str:
    """A name beside `name` that nobody uses, for a model that is not finished yet."""
    return f"{base_of(name)}:{WORKING_TAG}{secrets.token_hex(6)}"


def is_working_name(listed: str, name: str) -> bool:
    """Whether a listed name was made by `working_name(name)`."""
    return listed.casefold().startswith(f"{base_of(name)}:{WORKING_TAG}".casefold())
