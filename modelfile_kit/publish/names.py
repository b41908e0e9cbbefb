"""Model names: what Ollama takes as one, and the names a publish works under."""

from __future__ import annotations

import re
import secrets

from ..core.errors import UsageError
from ..sources.model_name import base_of, check_name, tag_of

WORKING_TAG = "mkmodelfile-"  # every name the kit makes up for itself has a tag that begins so
_OF, _FOR = "-of-", "-for-"
_WORKING = re.compile(rf"{WORKING_TAG}[0-9a-f]{{12}}(?:{_OF}(?P<of>.+)|{_FOR}(?P<for>.+))?", re.IGNORECASE)


def require_name(name: str) -> str:
    """The name, if it is valid for a model; else UsageError (MK508)."""
    if tag_of(_valid(name)).casefold().startswith(WORKING_TAG):
        raise UsageError(
            f"{name!r}: tags that begin with {WORKING_TAG!r} are reserved for working copies",
            help="choose another tag",
            code="MK508",
        )
    return name


def name_on_server(text: str) -> str:
    """The model's name on a server, of `name[:tag]` or `ollama://name[:tag]`.

    Raises UsageError (MK508) for what Ollama takes for no name.
    """
    scheme = "ollama://"
    return _valid(text[len(scheme) :] if text.lower().startswith(scheme) else text)


def _valid(name: str) -> str:
    if problem := check_name(name):
        raise UsageError(f"the model's name {problem.message}", help=problem.help, code="MK508")
    return name


def working_name(name: str) -> str:
    """An unused name with another tag, for a model that is not verified yet."""
    return f"{base_of(name)}:{WORKING_TAG}{secrets.token_hex(6)}"


def keeping_name(name: str) -> str:
    """An unused working name for the model that has this name now; `kept_for` reads the name out of it."""
    return _named(name, _OF)


def moving_name(name: str) -> str:
    """An unused working name for a model that is to get this name; `meant_for` reads the name out of it."""
    return _named(name, _FOR)


def kept_for(listed: str) -> str:
    """The name whose model is kept under this working name, "" where it keeps none."""
    return _home(listed, "of")


def meant_for(listed: str) -> str:
    """The name that the model under this working name is to get, "" where it says none."""
    return _home(listed, "for")


def _named(name: str, word: str) -> str:
    made = f"{working_name(name)}{word}{tag_of(name)}"
    return made if check_name(made) is None else working_name(name)


def _home(listed: str, word: str) -> str:
    found = _WORKING.fullmatch(tag_of(listed))
    return f"{base_of(listed)}:{found[word]}" if found and found[word] else ""


def is_working_name(listed: str, name: str | None = None) -> bool:
    """Whether a listed name was made by the functions above; name: for this one."""
    if not _WORKING.fullmatch(tag_of(listed)):
        return False
    return name is None or base_of(listed).casefold() == base_of(name).casefold()
