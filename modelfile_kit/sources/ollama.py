"""A model of Ollama: in the store on this disk, on a server, or in a registry (`repository.Repository`).

The layers of its manifest are the files: `model.gguf`, `projector.gguf`, `template`, `params` and so on. The
layout of the store is that of Ollama 0.34 (manifest/paths.go): `manifests/HOST/NAMESPACE/MODEL/TAG` and
`blobs/sha256-…`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..core.api_keys import OLLAMA_KEY
from ..core.diagnostics import Span
from ..core.errors import SourceError
from ..core.files import read_file
from ..core.http_client import Budget, open_client, under
from ..core.ollama_host import resolve_host
from ..core.urls import hide_logins, is_loopback, shown_url, without_login
from .byte_source import FileSource, HTTPSource, Source
from .cache import own_cache
from .download import download
from .name import Name
from .repository import NOT_THERE, UNREACHABLE, RepositoryFile, Told

MAX_MANIFEST_BYTES = 4 << 20
ANSWER_SECONDS = 30.0
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_LAYER = "application/vnd.ollama.image."
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_FROM = re.compile(r"^FROM (?P<path>.*(?P<digest>sha256-[0-9a-f]{64}))\r?$", re.MULTILINE)
_GGUF = ("model", "projector")


@dataclass(frozen=True)
class _Found:
    """Where a model was found: its layers, a folder with their blobs, or a registry's address of them."""

    revision: str
    files: tuple[RepositoryFile, ...]
    blobs: Path | None = None
    address: str = ""
    why: str = ""


class OllamaModel:
    """A model of Ollama by its name."""

    def __init__(self, name: Name, host: str | None = None) -> None:
        """name: of kind "ollama"; host: of the server, by default OLLAMA_HOST or this machine."""
        self.name = name
        self._server, self._login = without_login(resolve_host(host))

    @property
    def title(self) -> str:
        return str(self.name)

    @property
    def revision(self) -> str:
        return self._found.revision

    @property
    def where(self) -> str:
        """Where it was found, as the end of a sentence: "in the store …"."""
        return self._found.why

    def files(self) -> tuple[RepositoryFile, ...]:
        return self._found.files

    def open(self, file: RepositoryFile, start: int = 0, *, to_end: bool = False) -> Source:
        if (here := self.local(file)) is not None:
            return FileSource(here, start)
        self._must_be_remote(file)
        return HTTPSource(
            f"{self._found.address}/blobs/{file.digest}",
            name=f"{self.title}/{file.path}",
            start=start,
            to_end=to_end,
            promised=file.size,
        )

    def place(self, file: RepositoryFile) -> Path:
        blob = file.digest.replace(":", "-")
        if self._found.blobs is not None:
            return self._found.blobs / blob
        return own_cache() / "ollama" / blob / file.path

    def local(self, file: RepositoryFile) -> Path | None:
        place = self.place(file)
        return place if place.is_file() else None

    def fetch(self, file: RepositoryFile, told: Told | None = None) -> Path:
        if (here := self.local(file)) is not None:
            return here
        self._must_be_remote(file)
        title = f"{self.title}/{file.path}"
        return download(
            lambda at: self.open(file, at, to_end=True), self.place(file), file, title=title, told=told
        )

    def _must_be_remote(self, file: RepositoryFile) -> None:
        if self._found.blobs is not None:
            what = f"its {file.path} is missing in {self._found.blobs}"
            raise self._error(what, "pull the model again", NOT_THERE)

    # -- where it is ---------------------------------------------------------------------------------------

    @cached_property
    def _found(self) -> _Found:
        looked: list[str] = []
        here = is_loopback(self._server)
        found = self._in_store(looked) if here else None
        served: _Found | None = None
        if found is None:
            served = self._on_server(looked)
            found = served if here and served is not None and served.blobs is not None else None
        if found is None:
            found = self._in_registry(looked)
            if served is not None and (found is None or not _same_model(served, found)):
                raise self._error(
                    f"is on {self._server}, whose files cannot be read from here",
                    "run the command on that machine, or name the files that the model was made of",
                    NOT_THERE,
                )
        if found is None:
            raise self._error(
                f"was not found: {'; '.join(looked)}",
                "check the name (`ollama list` shows those of a server), or pull the model",
                NOT_THERE,
            )
        return found

    def _in_store(self, looked: list[str]) -> _Found | None:
        for store in stores():
            path = store / "manifests" / self.name.host / self.name.repository / self.name.revision
            try:
                manifest = read_file(path, MAX_MANIFEST_BYTES)
            except OSError:
                continue
            if (files := _layers(_parsed(manifest))) is None:
                raise self._error(f"its manifest {path} is damaged", "pull the model again", NOT_THERE)
            return _Found(_digest(manifest), files, store / "blobs", why=f"in the store {store}")
        looked.append(f"no manifest of it in {' or '.join(map(str, stores()))}")
        return None

    def _on_server(self, looked: list[str]) -> _Found | None:
        """What the server says of it; with the folder of its blobs where that can be read here."""
        import httpx

        name = str(self.name).removeprefix("ollama://")
        try:
            key = OLLAMA_KEY.key_for(self._server)
            with open_client(self._server, silence=ANSWER_SECONDS, login=self._login, key=key) as client:
                answer = client.post(
                    "/api/show", json={"model": name}, extensions=under(Budget(ANSWER_SECONDS))
                )
        except httpx.HTTPError as e:
            looked.append(f"the server {shown_url(self._server)} does not answer ({hide_logins(str(e))})")
            return None
        said = _parsed(answer.content) if answer.status_code == 200 else {}
        layers = [*_FROM.finditer(str(said.get("modelfile", "")))]
        if not layers:
            looked.append(f"the server {shown_url(self._server)} does not have it")
            return None
        paths = [Path(layer["path"]) for layer in layers]
        kinds = ["model", *["projector"] * (len(paths) - 1)]
        files = tuple(
            RepositoryFile(path, _size(blob), layer["digest"].replace("-", ":"))
            for path, layer, blob in zip(_names(kinds), layers, paths, strict=True)
        )
        readable = is_loopback(self._server) and all(os.access(path, os.R_OK) for path in paths)
        return _Found(
            files[0].digest, files, paths[0].parent if readable else None, why=f"on the server {self._server}"
        )

    def _in_registry(self, looked: list[str]) -> _Found | None:
        scheme = "http" if is_loopback(f"http://{self.name.host}") else "https"
        address = f"{scheme}://{self.name.host}/v2/{self.name.repository}"
        import httpx

        try:
            with open_client(address, silence=ANSWER_SECONDS, follow=True) as client:
                answer = client.get(
                    f"{address}/manifests/{self.name.revision}",
                    headers={"Accept": _MANIFEST},
                    extensions=under(Budget(ANSWER_SECONDS)),
                )
        except (httpx.HTTPError, httpx.InvalidURL) as e:
            looked.append(f"the registry {self.name.host} does not answer ({hide_logins(str(e))})")
            return None
        if answer.status_code in (401, 403, 404):
            looked.append(f"the registry {self.name.host} does not have it")
            return None
        manifest = answer.content if answer.status_code == 200 else b""
        if (files := _layers(_parsed(manifest))) is None:
            raise self._error(
                f"the registry {self.name.host} sends no manifest of a model: HTTP {answer.status_code}",
                "try again later",
                UNREACHABLE,
            )
        return _Found(_digest(manifest), files, address=address, why=f"in the registry {self.name.host}")

    def _error(self, what: str, advice: str, code: str) -> SourceError:
        return SourceError(what, span=Span(self.title), help=advice, code=code)


def stores() -> tuple[Path, ...]:
    """Where Ollama keeps models on this machine: OLLAMA_MODELS, else the user's folder and the service's."""
    if given := os.environ.get("OLLAMA_MODELS", "").strip():
        return (Path(given).expanduser(),)
    return Path.home() / ".ollama" / "models", Path("/usr/share/ollama/.ollama/models")


def _parsed(data: bytes) -> Mapping[str, Any]:
    try:
        read = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _layers(manifest: Mapping[str, Any]) -> tuple[RepositoryFile, ...] | None:
    """The layers as files, None where there is no model among them."""
    layers = manifest.get("layers")
    if not isinstance(layers, list):
        return None
    found = []
    for layer in layers:
        kind = str(layer.get("mediaType", "")) if isinstance(layer, dict) else ""
        digest, size = (layer.get("digest"), layer.get("size")) if kind.startswith(_LAYER) else (None, None)
        if isinstance(digest, str) and _DIGEST.fullmatch(digest) and isinstance(size, int) and size >= 0:
            found.append((kind.removeprefix(_LAYER), digest, size))
    if not any(kind == "model" for kind, _, _ in found):
        return None
    names = _names([kind for kind, _, _ in found])
    return tuple(
        RepositoryFile(name, size, digest) for name, (_, digest, size) in zip(names, found, strict=True)
    )


def _names(kinds: Sequence[str]) -> list[str]:
    """A file name for each layer: `model.gguf`, `template`; of several models, parts of one."""
    names, models = [], kinds.count("model")
    for n, kind in enumerate(kinds):
        before = list(kinds[:n]).count(kind)
        plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in kind) or "layer"
        ending = ".gguf" if kind in _GGUF else ""
        if kind == "model" and models > 1:
            names.append(f"model-{before + 1:05d}-of-{models:05d}.gguf")
        else:
            names.append(f"{plain}{f'-{before + 1}' if before else ''}{ending}")
    return names


def _digest(manifest: bytes) -> str:
    """The model's digest, as `ollama list` shows its beginning."""
    return f"sha256:{hashlib.sha256(manifest).hexdigest()}"


def _same_model(one: _Found, other: _Found) -> bool:
    return one.files[0].digest in {file.digest for file in other.files}


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
