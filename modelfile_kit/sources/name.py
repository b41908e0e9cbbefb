"""What a text that names a file means: a path, a URL, a repository of a hub, or a model of Ollama.

Nothing is looked up here; `parse_name` alone asks whether a path exists, since an existing file comes first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..core.diagnostics import Span
from ..core.errors import SourceError, UsageError
from ..core.urls import require_closed_login, shown_server, shown_url, without_login
from .model_name import OLLAMA_REGISTRY

NOT_A_NAME = "MK480"

PATH, URL, HUB, MODELSCOPE, OLLAMA = "path", "url", "hub", "modelscope", "ollama"

HUB_ENDPOINT = "https://huggingface.co"
HUB_HOSTS = frozenset({"huggingface.co", "www.huggingface.co", "hf.co", "www.hf.co"})
MODELSCOPE_HOSTS = frozenset(
    {"modelscope.cn", "www.modelscope.cn", "modelscope.ai", "www.modelscope.ai", "modelscope.com"}
)

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
# A scheme with a slash or two forgotten.
_ALMOST_SCHEME = re.compile(r"(hf|ms|ollama|https?):/?(?=[^/])", re.IGNORECASE)
# Of both hubs: letters, digits, `-`, `_` and `.`.
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_QUANTIZATION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
# Revisions of the hub that hold a slash and need no escape (huggingface_hub, hf_file_system.py).
_WITH_SLASH = re.compile(r"(refs/(?:pr|convert)/[^/]+)(?:/(.*))?", re.DOTALL)
_VIEWS = frozenset({"resolve", "blob", "raw", "tree"})
_OTHER_KINDS = frozenset({"datasets", "spaces", "buckets", "api", "docs", "collections", "papers", "blog"})

_EXPECTED = (
    "expected a path, a URL, hf.co/ORG/REPO[:QUANT], hf://ORG/REPO[@REVISION][/FILE], ms://ORG/REPO[:QUANT] "
    "or ollama://NAME[:TAG]"
)


@dataclass(frozen=True)
class Name:
    """A text that names a file, understood.

    text: as it was given, without a login; kind: "path", "url", "hub", "modelscope" or "ollama".
    repository: ORG/REPO of a hub, or the model of Ollama with its namespace; host: of Ollama's registry.
    revision: a branch, tag or commit, "" for the hub's usual one; of Ollama its tag.
    file: a path within the repository, "" for a choice; folder: a part of it that the choice is bound to.
    quantization: as written, "" for a choice. address: the URL itself, which can hold a login.
    also_name: what the text would name, were there no file of that path.
    """

    text: str
    kind: str
    repository: str = ""
    revision: str = ""
    file: str = ""
    folder: str = ""
    quantization: str = ""
    host: str = ""
    address: str = ""
    also_name: bool = False

    @property
    def path(self) -> Path:
        """The path of a name that is one."""
        return Path(self.address)

    @property
    def is_commit(self) -> bool:
        """Whether the revision names one state of the repository for ever."""
        return _COMMIT.fullmatch(self.revision) is not None

    def __str__(self) -> str:
        """The name in full, in its shortest spelling that `parse_name` reads back."""
        if self.kind in (PATH, URL):
            return self.text
        if self.kind == OLLAMA:
            host = "" if self.host == OLLAMA_REGISTRY else f"{self.host}/"
            model = self.repository.removeprefix("library/") if not host else self.repository
            return f"ollama://{host}{model}:{self.revision}"
        scheme = "hf" if self.kind == HUB else "ms"
        revision = f"@{self.revision.replace('/', '%2F')}" if self.revision else ""
        inside = self.file or self.folder
        return (
            f"{scheme}://{self.repository}{revision}"
            f"{f'/{inside}' if inside else ''}{f':{self.quantization}' if self.quantization else ''}"
        )


def is_name(text: str) -> bool:
    """Whether a text is written as a name, and not as a path; without looking whether a file exists."""
    if _SCHEME.match(text):
        return True
    host, slash, rest = text.partition("/")
    return bool(slash) and host.lower() in HUB_HOSTS | MODELSCOPE_HOSTS and "/" in rest.strip("/")


def near_name(text: str) -> str:
    """What to do about a text that is written as a path and looks meant as a name; "" for any other."""
    host, slash, rest = text.partition("/")
    if slash and host.lower() in HUB_HOSTS | MODELSCOPE_HOSTS and not is_name(text):
        owner = rest.strip("/") or "ORG"
        return f"a repository is {host}/ORG/REPO; did you mean `{host}/{owner}/REPO`?"
    if (found := _ALMOST_SCHEME.match(text)) is not None:
        return f"did you mean `{found[1].lower()}://{text[found.end() :]}`?"
    return ""


def parse_name(text: str, *, environment: Mapping[str, str] | None = None) -> Name:
    """Understands a text that names a file.

    A file or folder that exists comes before a name of the same text; `also_name` says so then.
    environment: in place of the process's own, for HF_ENDPOINT and MODELSCOPE_DOMAIN.
    Raises SourceError (MK480) for a text that begins as a name and is none.
    """
    named = is_name(text)
    if not named or _exists(text):
        return Name(text, PATH, address=text, also_name=named)
    scheme = _SCHEME.match(text)
    if scheme is None:
        host, _, rest = text.partition("/")
        return _repository(text, HUB if host.lower() in HUB_HOSTS else MODELSCOPE, rest)
    word, rest = scheme[1].lower(), text[scheme.end() :]
    if word in ("http", "https"):
        return _url(text, os.environ if environment is None else environment)
    if without_login(text)[1] is not None:
        raise _not_a_name(text, "only an address with http or https has a login")
    if word == "hf":
        return _repository(text, HUB, rest)
    if word == "ms":
        return _repository(text, MODELSCOPE, rest)
    if word == "ollama":
        return _ollama(text, rest)
    raise _not_a_name(text, f"names begin with http, https, hf, ms or ollama, not with {word}")


def hub_endpoint(environment: Mapping[str, str] | None = None) -> str:
    """The address of Hugging Face's hub: HF_ENDPOINT, else its own."""
    given = os.environ if environment is None else environment
    return (given.get("HF_ENDPOINT") or "").strip().rstrip("/") or HUB_ENDPOINT


def require_hub_endpoint() -> str:
    """The same, for who asks there. Raises UsageError where HF_ENDPOINT is no address of a web server."""
    address = hub_endpoint()
    require_closed_login(address, "HF_ENDPOINT", server=True)
    try:
        parts = urlsplit(address)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        sound = False
    if not sound:
        raise UsageError(
            f"HF_ENDPOINT is {shown_server(address)!r}, and no address of a web server",
            help=f"write it as {HUB_ENDPOINT}, or unset it",
        )
    return address


def modelscope_endpoint(environment: Mapping[str, str] | None = None) -> str:
    """The address of ModelScope: MODELSCOPE_DOMAIN, a host or a URL, else its own."""
    given = os.environ if environment is None else environment
    domain = (given.get("MODELSCOPE_DOMAIN") or "").strip().rstrip("/") or "www.modelscope.cn"
    return domain if "://" in domain else f"https://{domain}"


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # ValueError: a zero byte
        return False


# -- repositories of hubs ------------------------------------------------------------------------------------


def _repository(text: str, kind: str, rest: str) -> Name:
    """ORG/REPO[@REVISION][/PATH][:QUANT], and what stands behind the host in a hub's own addresses."""
    rest = rest.split("?")[0].split("#")[0].strip("/")
    if kind == HUB:
        rest = rest.removeprefix("models/") if rest.count("/") >= 2 else rest
    parts = rest.split("/")
    if len(parts) > 3 and parts[2] in _VIEWS and "@" not in parts[1]:
        return _viewed(text, kind, parts)
    org, slash, rest = rest.partition("/")
    if not slash:
        raise _not_a_name(text, "a repository is ORG/REPO, and this has one part")
    if kind == HUB and org in _OTHER_KINDS:
        raise _not_a_name(text, f"{org} of the hub hold no models")
    repo, slash, inside = rest.partition("/")
    quantization = ""
    if not slash:
        repo, _, quantization = repo.partition(":")
    repo, at, revision = repo.partition("@")
    if at and slash and (found := _WITH_SLASH.fullmatch(f"{revision}/{inside}")):
        revision, inside = found[1], found[2] or ""
    head, colon, last = inside.rpartition(":")
    if slash and colon and "/" not in last:
        inside, quantization = head, last
    _check_repository(text, org, repo)
    if at and not revision:
        raise _not_a_name(text, "the revision after `@` is empty")
    if (":" in text.split("://")[-1] and text.rstrip("/").endswith(":")) or (
        quantization and not _QUANTIZATION.fullmatch(quantization)
    ):
        raise _not_a_name(text, f"{quantization!r} is no quantization")
    return _inside(Name(text, kind, f"{org}/{repo}", unquote(revision)), inside, quantization)


def _viewed(text: str, kind: str, parts: list[str]) -> Name:
    """ORG/REPO/resolve/REVISION/PATH, and the same with blob, raw or tree."""
    org, repo, view, *more = parts
    _check_repository(text, org, repo)
    found = _WITH_SLASH.fullmatch("/".join(more))
    revision, inside = (found[1], found[2] or "") if found else (more[0], "/".join(more[1:]))
    name = Name(text, kind, f"{org}/{repo}", unquote(revision))
    if not inside and view != "tree":
        raise _not_a_name(text, f"no file stands after /{view}/{revision}")
    return replace(name, folder=unquote(inside)) if view == "tree" else _inside(name, unquote(inside), "")


def _inside(name: Name, inside: str, quantization: str) -> Name:
    inside = inside.strip("/")
    if any(part in ("", ".", "..") for part in inside.split("/")) and inside:
        raise _not_a_name(name.text, "a path within a repository has no empty part, `.` or `..`")
    if any(part in ("", ".", "..") for part in name.revision.split("/")) and name.revision:
        raise _not_a_name(name.text, f"{name.revision!r} is no revision")
    if any(ord(c) < 32 or ord(c) == 127 for c in f"{inside}{name.revision}"):
        raise _not_a_name(name.text, "it holds a control character")
    is_file = "." in inside.rpartition("/")[2]
    if is_file and quantization:
        raise _not_a_name(name.text, f"{inside} is one file, of which no quantization can be chosen")
    if is_file:
        return replace(name, file=inside)
    return replace(name, folder=inside, quantization=quantization)


def _check_repository(text: str, org: str, repo: str) -> None:
    for what, part in (("ORG", org), ("REPO", repo)):
        if not part:
            raise _not_a_name(text, f"{what} of ORG/REPO is empty")
        if not _PART.fullmatch(part) or len(part) > 96:
            raise _not_a_name(text, f"{part!r} is no {what}: letters, digits, `-`, `_` and `.` are allowed")


# -- addresses -----------------------------------------------------------------------------------------------


def _url(text: str, environment: Mapping[str, str]) -> Name:
    """A URL; those of a hub's pages and files name what the hub has there."""
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:  # whoever opens it will say why
        return Name(shown_url(text), URL, address=text)
    plain = Name(shown_url(text), URL, address=text, file=unquote(parts.path).rpartition("/")[2])
    if "@" in parts.netloc:  # a login is for that server alone
        return plain
    place = f"{parts.scheme.lower()}://{host}{f':{port}' if port else ''}"
    if host in HUB_HOSTS or place == _place(hub_endpoint(environment)):
        prefix = urlsplit(hub_endpoint(environment)).path if host not in HUB_HOSTS else ""
        return _of_hub(plain, HUB, parts.path.removeprefix(prefix))
    if host in MODELSCOPE_HOSTS or place == _place(modelscope_endpoint(environment)):
        path = parts.path.removeprefix("/models")
        if (found := re.fullmatch(r"(/[^/]+/[^/]+)/file/view/([^/]+)/(.+)", path)) is not None:
            path = f"{found[1]}/resolve/{found[2]}/{found[3]}"
        return _of_hub(plain, MODELSCOPE, path)
    return plain


def _place(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}"


def _of_hub(plain: Name, kind: str, path: str) -> Name:
    """What of a hub a path names; the URL as it is where that is no file or page of a model's repository."""
    parts = path.strip("/").split("/")
    if parts[0] in _OTHER_KINDS or len(parts) < 2:
        return plain
    if (len(parts) > 2 and parts[2] not in _VIEWS) or (len(parts) == 3 and parts[2] != "tree"):
        return plain
    try:
        found = _repository(plain.text, kind, "/".join(parts[:2]) if len(parts) == 3 else "/".join(parts))
    except SourceError:
        return plain
    return replace(found, address=plain.address)


# -- Ollama --------------------------------------------------------------------------------------------------


def _ollama(text: str, rest: str) -> Name:
    """[HOST/][NAMESPACE/]MODEL[:TAG], cut as Ollama does (0.34, types/model/name.go, parseName)."""
    rest = rest.strip("/")
    tag = "latest"
    if rest.rfind(":") > rest.rfind("/"):
        rest, _, tag = rest.rpartition(":")
    parts = rest.split("/")
    if not rest or len(parts) > 3 or not all(parts) or not tag:
        raise _not_a_name(text, "a model of Ollama is [HOST/][NAMESPACE/]MODEL[:TAG]")
    model = parts[-1]
    namespace = parts[-2] if len(parts) > 1 else "library"
    host = parts[0] if len(parts) > 2 else OLLAMA_REGISTRY
    for what, part, allowed in (
        ("host", host, "-_.:"),
        ("namespace", namespace, "-_"),
        ("model", model, "-_."),
        ("tag", tag, "-_."),
    ):
        plain = all(c == "_" or (c.isascii() and c.isalnum()) or c in allowed for c in part)
        if not plain or part[0] in "-.:" or len(part) > (350 if what == "host" else 80):
            raise _not_a_name(text, f"{part!r} is no {what} of Ollama")
    return Name(text, OLLAMA, f"{namespace}/{model}", tag, host=host)


def _not_a_name(text: str, why: str) -> SourceError:
    return SourceError(
        f"is no name of a model: {why}", span=Span(shown_url(text)), help=_EXPECTED, code=NOT_A_NAME
    )
