"""A model of Ollama: in the store on this disk, on a server, or in a registry (`repository.Repository`).

The layers of its manifest are the files: `model.gguf`, `projector.gguf`, `template`, `params` and so on. The
layout of the store is that of Ollama 0.34 (manifest/paths.go): `manifests/HOST/NAMESPACE/MODEL/TAG` and
`blobs/sha256-…`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.api_keys import OLLAMA_KEY
from ..core.diagnostics import Span
from ..core.errors import SourceError
from ..core.files import read_file
from ..core.http_client import Budget, json_request, open_client, under
from ..core.ollama_host import resolve_host
from ..core.urls import hide_logins, is_loopback, shown_url, without_login
from . import registry_errors
from .byte_source import FileSource, Source
from .cache import own_cache
from .download import fetch_to_place
from .name import Name
from .registry import Descriptor, Registry, digest_of
from .registry_errors import RegistryError
from .repository import DIGEST, NOT_THERE, RATE_LIMITED, UNREACHABLE, RepositoryFile, Told

if TYPE_CHECKING:
    import httpx

MAX_MANIFEST_BYTES = 4 << 20
MAX_SHOWN_BYTES = 64 << 20  # of /api/show, which tells no tensors or tokens unless it is asked to
ANSWER_SECONDS = 30.0
LAYER_TYPE = "application/vnd.ollama.image."
"""How the media types of Ollama's layers begin; "model", "template" and others follow."""
_FROM = re.compile(r"^FROM (?P<path>.*(?P<digest>sha256-[0-9a-f]{64}))\r?$", re.MULTILINE)
_GGUF = ("model", "projector")
_ELSEWHERE = frozenset({registry_errors.NOT_THERE, registry_errors.DENIED, registry_errors.NO_ANSWER})


@dataclass(frozen=True)
class _Found:
    """Where a model was found: its layers, and the folder with their blobs, None for a registry's."""

    revision: str
    files: tuple[RepositoryFile, ...]
    blobs: Path | None = None
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

    def settle(self, revision: str, files: Sequence[RepositoryFile]) -> None:
        def has_all(folder: Path) -> bool:
            return all((folder / f.digest.replace(":", "-")).is_file() for f in files)

        found = self._found = _Found(revision, tuple(files))
        if not is_loopback(self._server):
            return
        blobs = next(filter(has_all, (store / "blobs" for store in stores())), None)
        if blobs is None and not all(self.place(file).is_file() for file in files):
            # A server with a store elsewhere (OLLAMA_MODELS of its own) tells where its files are.
            served = self._on_server([])
            blobs = served.blobs if served and served.blobs and has_all(served.blobs) else None
        self._found = replace(found, blobs=blobs)

    def open(
        self, file: RepositoryFile, start: int = 0, *, to_end: bool = False, end: int | None = None
    ) -> Source:
        if (here := self.local(file)) is not None:
            return FileSource(here, start)
        self._must_be_remote(file)
        return _Layer(self, file, start, end, to_end=to_end)

    def place(self, file: RepositoryFile) -> Path:
        blob = file.digest.replace(":", "-")
        if self._found.blobs is not None:
            return self._found.blobs / blob
        return own_cache() / "ollama" / self.revision.replace(":", "-") / file.path

    def local(self, file: RepositoryFile) -> Path | None:
        place = self.place(file)
        return place if place.is_file() else None

    def fetch(self, file: RepositoryFile, told: Told | None = None) -> Path:
        if self.local(file) is None:
            self._must_be_remote(file)
        return fetch_to_place(self, file, told, title=f"{self.title}/{file.path}")

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
            return _Found(digest_of(manifest), files, store / "blobs", why=f"in the store {store}")
        looked.append(f"no manifest of it in {' or '.join(map(str, stores()))}")
        return None

    def _on_server(self, looked: list[str]) -> _Found | None:
        """What the server says of it; with the folder of its blobs where that can be read here."""
        import httpx

        name = str(self.name).removeprefix("ollama://")
        try:
            key = OLLAMA_KEY.key_for(self._server)
            with open_client(self._server, silence=ANSWER_SECONDS, login=self._login, key=key) as client:
                asked = under(Budget(ANSWER_SECONDS))
                with client.stream(
                    "POST", "/api/show", **json_request({"model": name}), extensions=asked
                ) as answer:
                    data = _body(answer) if answer.status_code == 200 else b""
        except (httpx.HTTPError, httpx.InvalidURL) as e:
            looked.append(f"the server {shown_url(self._server)} does not answer ({hide_logins(str(e))})")
            return None
        said = _parsed(data)
        layers = [*_FROM.finditer(str(said.get("modelfile", "")))]
        layers = [layer for layer in layers if _can_be_a_path(layer["path"])]
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
        try:
            manifest = self.registry.manifest(self.name.repository, self.name.revision)
        except RegistryError as e:
            if e.code in _ELSEWHERE:
                looked.append(f"the registry {self.name.host} does not have it ({e.message})")
                return None
            raise self.failed(e) from e
        if (files := _layers(_parsed(manifest.data))) is None:
            raise self._error(
                f"the registry {self.name.host} has it without a GGUF", "name a model of Ollama", NOT_THERE
            )
        return _Found(manifest.digest, files, why=f"in the registry {self.name.host}")

    @cached_property
    def registry(self) -> Registry:
        """The client of its registry, which needs no certificate on this machine."""
        return self.open_registry()

    def open_registry(self) -> Registry:
        """Another client of it, for who reads beside others."""
        return Registry(self.name.host, insecure=is_loopback(f"http://{self.name.host}"))

    def hang_up(self) -> None:
        """Closes the connections to the registry; the next reading opens new ones."""
        if "registry" in self.__dict__:
            self.registry.close()
            del self.registry

    def failed(self, error: RegistryError) -> SourceError:
        """What a registry says, as an error about this name."""
        code = RATE_LIMITED if error.status == 429 else UNREACHABLE
        return self._error(error.message, error.help, code)

    def _error(self, what: str, advice: str, code: str) -> SourceError:
        return SourceError(what, span=Span(self.title), help=advice, code=code)


class _Layer:
    """A layer that a registry has (`byte_source.Source`)."""

    def __init__(
        self, model: OllamaModel, file: RepositoryFile, start: int, end: int | None, *, to_end: bool
    ) -> None:
        self.name = f"{model.title}/{file.path}"
        self.size = file.size
        self.place: Path | None = None
        self._model = model
        self._layer = Descriptor("", file.digest, file.size or 0)
        # Of several that are read at once each has a client of its own, which it closes.
        self._registry = model.open_registry() if to_end else model.registry
        self._by_ranges = self._registry.open_blob(model.name.repository, self._layer, start)
        self._pieces: Iterator[bytes] | None = None
        self._rest = b""
        if to_end:
            self.again(start, end)

    @property
    def by_ranges(self) -> bool:
        """Whether the registry has not answered a range with all of it."""
        return self._registry.sends_ranges

    def again(self, start: int, end: int | None = None) -> None:
        """Goes on at another place."""
        repository = self._model.name.repository
        self._pieces, self._rest = self._registry.read_blob(repository, self._layer, start, end), b""

    def read(self, count: int) -> bytes:
        try:
            if self._pieces is None:
                return self._by_ranges.read(count)
            self._rest = self._rest or next(self._pieces, b"")
        except RegistryError as e:
            raise self._model.failed(e) from e
        part, self._rest = self._rest[:count], self._rest[count:]
        return part

    def close(self) -> None:
        if self._registry is self._model.__dict__.get("registry"):
            self._model.hang_up()
        else:
            self._registry.close()


def stores() -> tuple[Path, ...]:
    """Where Ollama keeps models on this machine: OLLAMA_MODELS, else the user's folder and the service's."""
    if given := os.environ.get("OLLAMA_MODELS", "").strip():
        return (Path(given).expanduser(),)
    return Path.home() / ".ollama" / "models", Path("/usr/share/ollama/.ollama/models")


def _body(answer: httpx.Response) -> bytes:
    """The body of a server's answer, none of one that is larger than any model's description."""
    data = bytearray()
    for piece in answer.iter_bytes():
        data += piece
        if len(data) > MAX_SHOWN_BYTES:
            return b""
    return bytes(data)


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
        if not kind.startswith(LAYER_TYPE):
            continue
        digest, size = layer.get("digest"), layer.get("size")
        if isinstance(digest, str) and DIGEST.fullmatch(digest) and isinstance(size, int) and size >= 0:
            found.append((kind.removeprefix(LAYER_TYPE), digest, size))
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


def _same_model(one: _Found, other: _Found) -> bool:
    return one.files[0].digest in {file.digest for file in other.files}


def _can_be_a_path(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeError:
        return False


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
