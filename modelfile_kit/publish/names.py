"""Model names: what Ollama takes as one, and the names a publish works under."""

from __future__ import annotations

import secrets

from ..core.errors import UsageError
from ..ollama.model_name import check_name

WORKING_TAG = "mkmodelfile-"  # every name the kit makes up for itself has a tag that begins so


def require_name(name: str) -> str:
    """The name, if it is valid for a model; else UsageError (MK508)."""
    if problem := check_name(name):
        raise UsageError(f"the model's name {problem.message}", help=problem.help, code="MK508")
    if is_working_name(name, name):
        raise UsageError(
            f"{name!r}: tags that begin with {WORKING_TAG!r} are reserved for working copies",
            help="choose another tag",
            code="MK508",
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
    """An unused name with another tag, for a model that is not verified yet."""
    return f"{base_of(name)}:{WORKING_TAG}{secrets.token_hex(6)}"


def is_working_name(listed: str, name: str) -> bool:
    """Whether a listed name was made by `working_name(name)`."""
    return listed.casefold().startswith(f"{base_of(name)}:{WORKING_TAG}".casefold())
