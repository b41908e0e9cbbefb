"""Ollama's rules for a model's name, said in words. Source: Ollama 0.33, types/model/name.go."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_HOST = 350
MAX_PART = 80  # namespace, model and tag each

_ALLOWED = {"host": "-_.:", "namespace": "-_", "model": "-_.", "tag": "-_."}


@dataclass(frozen=True)
class NameProblem:
    """Why a name is refused (`message` goes on after the word "name") and what to write instead."""

    message: str
    help: str


def check_name(name: str) -> NameProblem | None:
    """None for a name that Ollama takes: [[host/]namespace/]model[:tag]."""
    for part, value in _parts(name):
        problem = _check_part(part, value)
        if problem:
            return NameProblem(f"{name!r}: {problem}", _advice(name))
    return None


def _parts(name: str) -> list[tuple[str, str]]:
    """The parts in the way Ollama cuts them: the tag after the last `:` that no `/` follows."""
    out: list[tuple[str, str]] = []
    rest = name
    if rest.rfind(":") > rest.rfind("/"):
        rest, _, tag = rest.rpartition(":")
        out.append(("tag", tag))
    rest, slash, model = rest.rpartition("/")
    out.append(("model", model))
    if slash:
        rest, slash, namespace = rest.rpartition("/")
        out.append(("namespace", namespace))
        if slash:
            out.append(("host", rest.partition("://")[2] or rest))
    return out[::-1]


def _check_part(part: str, value: str) -> str | None:
    limit = MAX_HOST if part == "host" else MAX_PART
    if not value:
        return f"the {part} is empty"
    if len(value.encode()) > limit:
        return f"the {part} has {len(value.encode())} bytes, at most {limit} are allowed"
    if not _plain(value[0]):
        return f"the {part} begins with {value[0]!r}, expected a letter, a digit or `_`"
    for c in value[1:]:
        if not _plain(c) and c not in _ALLOWED[part]:
            allowed = " ".join(f"`{x}`" for x in _ALLOWED[part])
            return f"the {part} holds {c!r}; letters A-Z, digits and {allowed} are allowed"
    return None


def _plain(c: str) -> bool:
    return c == "_" or (c.isascii() and c.isalnum())


def _advice(name: str) -> str:
    simple = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")[:MAX_PART].strip("-._")
    return f"for example `{simple}`" if simple and not check_name(simple) else "for example `my-model`"
