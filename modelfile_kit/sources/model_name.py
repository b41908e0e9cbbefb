"""A model's name as Ollama reads it, and Ollama's rules for it. Source: Ollama 0.33, types/model/name.go."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..core.urls import HIDDEN, hide_logins, shown_server

MAX_HOST = 350
MAX_PART = 80  # namespace, model and tag each

OLLAMA_REGISTRY = "registry.ollama.ai"
"""Where a name without a host leads (Ollama 0.34, types/model/name.go, DefaultName)."""
LIBRARY = "library"  # the namespace of a name without one: Ollama's own models
LATEST = "latest"

_ALLOWED = {"host": "-_.:", "namespace": "-_", "model": "-_.", "tag": "-_."}


@dataclass(frozen=True)
class ModelName:
    """The parts of a name, with Ollama's defaults where it has none.

    scheme: "http" or another where the name begins with `http://`, else "".
    """

    host: str
    namespace: str
    model: str
    tag: str
    scheme: str = ""

    @property
    def repository(self) -> str:
        """What a registry calls it: `namespace/model`."""
        return f"{self.namespace}/{self.model}"

    @property
    def on_ollama_com(self) -> bool:
        """Whether it leads to Ollama's own registry, where a namespace belongs to an account."""
        host = self.host.lower().partition(":")[0]
        return any(host == own or host.endswith(f".{own}") for own in ("ollama.ai", "ollama.com"))

    @property
    def short(self) -> str:
        """As Ollama lists it: without host and namespace where they are the defaults."""
        if self.host.lower() != OLLAMA_REGISTRY:
            return f"{self.host}/{self.repository}:{self.tag}"
        if self.namespace.lower() != LIBRARY:
            return f"{self.repository}:{self.tag}"
        return f"{self.model}:{self.tag}"

    def __str__(self) -> str:
        return f"{self.host}/{self.repository}:{self.tag}"


def parse_model_name(name: str) -> ModelName:
    """The parts of `[[host/]namespace/]model[:tag]`. Raises ValueError, with the reason, for no name."""
    if problem := check_name(name):
        raise ValueError(problem.message)
    parts = dict(_parts(name))
    scheme, _, _ = name.partition("://") if "://" in name else ("", "", "")
    return ModelName(
        host=parts.get("host", OLLAMA_REGISTRY),
        namespace=parts.get("namespace", LIBRARY),
        model=parts["model"],
        tag=parts.get("tag", LATEST),
        scheme=scheme.lower(),
    )


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
            shown = _without_login(name)
            return NameProblem(f"{shown!r}: {problem}", _advice(shown.replace(f"{HIDDEN}@", "")))
    return None


def has_tag(name: str) -> bool:
    """Whether a name says its tag, and not the port of its host alone."""
    return ":" in name.rpartition("/")[2]


def with_tag(name: str) -> str:
    """The name as a server lists it: with `:latest` where there is no tag."""
    return name if has_tag(name) else f"{name}:{LATEST}"


def tag_of(name: str) -> str:
    """The tag of a name, "latest" without one."""
    return with_tag(name).rpartition(":")[2]


def base_of(name: str) -> str:
    """The name without its tag."""
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def model_part(name: str) -> str:
    """The model alone: the name without host, namespace and tag."""
    return base_of(name).rpartition("/")[2]


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
    if part == "host" and "/" in value:
        parts = value.count("/") + 3
        return f"it has {parts} parts with `/` between them, expected HOST/NAMESPACE/MODEL at most"
    size = len(value.encode("utf-8", "surrogatepass"))  # a command line need not be UTF-8
    if size > limit:
        return f"the {part} has {size} bytes, at most {limit} are allowed"
    if not _plain(value[0]):
        return f"the {part} begins with {value[0]!r}, expected a letter, a digit or `_`"
    for c in value[1:]:
        if not _plain(c) and c not in _ALLOWED[part]:
            allowed = " ".join(f"`{x}`" for x in _ALLOWED[part])
            return f"the {part} holds {c!r}; letters A-Z, digits and {allowed} are allowed"
    return None


def _plain(c: str) -> bool:
    return c == "_" or (c.isascii() and c.isalnum())


def _without_login(name: str) -> str:
    """For people: what is no name may be an address with user and password, also one without a scheme."""
    login, _, rest = name.rpartition("@")
    bare = ":" in login and "/" not in login and not rest.startswith("sha256:")
    return shown_server(name) if bare else hide_logins(name)


def _advice(name: str) -> str:
    simple = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")[:MAX_PART].strip("-._")
    return f"for example `{simple}`" if simple and not check_name(simple) else "for example `my-model`"
