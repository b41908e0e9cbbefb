"""A push without an Ollama server: the kit writes the model's manifest and uploads by itself.

An Ollama server signs in at ollama.com alone, and begins a blob anew after a break. The kit has the logins of
docker and podman, and goes on within a blob, also after it was killed. What it pushes was not verified by a
server; `second_server.verify_elsewhere` does that afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import ServerError
from ..core.interrupts import terminated_as_interrupted
from ..sources.model_name import parse_model_name
from ..sources.registry import DOCKER_MANIFEST, Registry
from ..sources.registry_logins import Login
from ..sources.registry_upload import UploadMemory, upload_blob
from .blobs import Blob, DigestCache, Progress, Step, digest_file
from .create_request import CreateRequest, read_request
from .expectation import request_of_build
from .model_manifest import make_manifest
from .push import NOT_SIGNED_IN, require_pushable

if TYPE_CHECKING:
    from ..building.build import Build


@dataclass(frozen=True)
class KitPush:
    """What was pushed: the name, the manifest's digest, bytes that were sent, and of all blobs."""

    name: str
    digest: str
    sent: int
    size: int


def require_kit_pushable(name: str, *, insecure: bool = False) -> None:
    """Raises what `require_pushable` does, and ServerError (MK828) for ollama.com, which wants a server."""
    require_pushable(None, name, insecure=insecure)
    if parse_model_name(name).on_ollama_com:
        raise ServerError(
            f"{name} leads to ollama.com, which takes models only from an Ollama server that is signed in",
            help="start one (`ollama serve`, `ollama signin`), or name another registry",
            code=NOT_SIGNED_IN,
        )


def push_by_kit(
    source: str | Path | CreateRequest | Build,
    name: str,
    *,
    insecure: bool = False,
    progress: Progress | None = None,
    cache_folder: Path | None = None,
    login: Login | None = None,
) -> KitPush:
    """Uploads what the registry lacks, small blobs first, and gives the tag its manifest at the end.

    source: as `publish` takes it; insecure: plain HTTP; cache_folder: where digests and unfinished uploads
    are remembered; login: instead of docker's. Until the last step the tag is what it was; whatever has
    arrived stays, also after Ctrl-C or kill -9, and is not sent again.

    Raises RegistryError, UsageError or GGUFError, each with what to do.
    """
    require_kit_pushable(name, insecure=insecure)
    parts = parse_model_name(name)
    request = _request_of(source)
    cache = DigestCache(cache_folder / "digests" if cache_folder else None)
    memory = UploadMemory(cache_folder / "uploads" if cache_folder else None)
    with terminated_as_interrupted(), Registry(parts.host, insecure=insecure, login=login) as registry:
        # Who is not let in is told before a large file is read.
        registry.manifest_digest(parts.repository, parts.tag)
        blobs = []
        for file in request.local_files:
            digest, known = digest_file(file.path, progress=progress, cache=cache)
            blobs.append(Blob(file.path, file.name, digest, file.path.stat().st_size, known))
        made = make_manifest(request, blobs)
        size = sum(descriptor.size for descriptor, _ in made.blobs)
        before = sent = 0
        for descriptor, content in made.blobs:

            def told(done: int, _total: int, before: int = before, name: str = descriptor.digest) -> None:
                if progress:
                    progress(Step("push", name[7:19], before + done, size))

            if upload_blob(registry, parts.repository, descriptor, content, told=told, memory=memory):
                sent += descriptor.size
            before += descriptor.size
        digest = registry.put_manifest(parts.repository, parts.tag, made.data, DOCKER_MANIFEST)
    return KitPush(name, digest, sent, size)


def _request_of(source: str | Path | CreateRequest | Build) -> CreateRequest:
    if isinstance(source, CreateRequest):
        return source
    if isinstance(source, (str, Path)):
        return read_request(Path(source))
    return request_of_build(source)
