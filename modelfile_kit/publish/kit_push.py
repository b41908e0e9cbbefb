"""A push without an Ollama server: the kit writes the model's manifest and uploads by itself.

An Ollama server signs in at ollama.com alone, and begins a blob anew after a break. The kit has the logins of
docker and podman, and goes on within a blob, also after it was killed. What it pushes was not verified by a
server; `second_server.verify_elsewhere` does that afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import ServerError
from ..core.interrupts import terminated_as_interrupted
from ..core.ollama_host import resolve_host
from ..core.progress import Progress, Step
from ..sources.model_name import parse_model_name
from ..sources.registry import DOCKER_MANIFEST, Registry
from ..sources.registry_logins import Login
from ..sources.registry_upload import UploadMemory, upload_blob
from .blobs import Blob, digest_file, digests_in
from .create_request import CreateRequest
from .model_manifest import make_manifest
from .push import NOT_SIGNED_IN, require_pushable
from .quantize_here import quantized_here
from .request_of import request_of

if TYPE_CHECKING:
    from ..building.build import Build


@dataclass(frozen=True)
class KitPush:
    """What was pushed.

    name: with its registry; digest: of the manifest; lacked: bytes of each blob that the registry did not
    have, by digest; size: bytes of all blobs; dry_run: whether nothing was sent.
    """

    name: str
    digest: str
    lacked: Mapping[str, int]
    size: int
    dry_run: bool = False

    @property
    def sent(self) -> int:
        """Bytes that were sent, in a dry run those that would be."""
        return sum(self.lacked.values())


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
    dry_run: bool = False,
) -> KitPush:
    """Uploads what the registry lacks, small blobs first, and gives the tag its manifest at the end.

    source: as `publish` takes it; insecure: plain HTTP; cache_folder: where digests and unfinished uploads
    are remembered; login: instead of docker's; dry_run: ask what is there, and send nothing. Until the last
    step the tag is what it was; whatever has arrived stays, also after Ctrl-C or kill -9, and is not sent
    again.

    Raises RegistryError, UsageError or GGUFError, each with what to do.
    """
    require_kit_pushable(name, insecure=insecure)
    parts = parse_model_name(name)
    request = request_of(source, progress)
    cache = digests_in(cache_folder)
    memory = UploadMemory(cache_folder / "uploads" if cache_folder else None)
    with (
        terminated_as_interrupted(),
        ExitStack() as stack,
        Registry(parts.host, insecure=insecure, login=login) as registry,
    ):
        # Who is not let in is told before a large file is read.
        registry.manifest_digest(parts.repository, parts.tag)
        request = stack.enter_context(_quantized(request, progress))
        blobs = []
        for file in request.local_files:
            digest, known = digest_file(file.path, progress=progress, cache=cache)
            blobs.append(Blob(file.path, file.name, digest, file.path.stat().st_size, known))
        made = make_manifest(request, blobs)
        size = sum(descriptor.size for descriptor, _ in made.blobs)
        before = 0
        lacked: dict[str, int] = {}
        for descriptor, content in made.blobs:
            if dry_run:
                if registry.blob_size(parts.repository, descriptor.digest) is None:
                    lacked[descriptor.digest] = descriptor.size
                continue

            def told(done: int, _total: int, before: int = before, name: str = descriptor.digest) -> None:
                if progress:
                    progress(Step("push", name[7:19], before + done, size))

            if upload_blob(registry, parts.repository, descriptor, content, told=told, memory=memory):
                lacked[descriptor.digest] = descriptor.size
            before += descriptor.size
        if not dry_run:
            registry.put_manifest(parts.repository, parts.tag, made.data, DOCKER_MANIFEST)
    return KitPush(name, made.digest, lacked, size, dry_run)


def _quantized(request: CreateRequest, progress: Progress | None) -> AbstractContextManager[CreateRequest]:
    """The request with its model quantized on this machine, where it asks for that."""
    if request.quantize is None:
        return nullcontext(request)
    return quantized_here(request, resolve_host(), progress)
