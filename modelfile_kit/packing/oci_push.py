"""Sends an artifact to a registry: what it lacks, and the manifest last, so that no tag names half of one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..core.progress import Progress, Step
from ..sources.registry import OCI_MANIFEST, Descriptor, Registry, digest_of
from ..sources.registry_upload import Content, UploadMemory, bytes_content, file_content, upload_blob
from .model_pack import CONFIG
from .oci_layout import Artifact


@dataclass(frozen=True)
class OCIPush:
    """What was sent, or would be.

    name: `HOST/REPOSITORY:TAG`; digest: of the manifest; replaced: of the one that the tag had before, "" for
    none; sent: names of the files that the registry lacked, with their bytes; unchanged: whether it had all.
    """

    name: str
    digest: str
    replaced: str
    sent: dict[str, int]

    @property
    def unchanged(self) -> bool:
        """Whether the tag had this very artifact before."""
        return self.replaced == self.digest


def push_artifact(
    artifact: Artifact,
    registry: Registry,
    repository: str,
    tag: str = "",
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> OCIPush:
    """Sends an artifact to a repository of a registry.

    tag: the artifact's own by default. dry_run: asks what is there, and sends nothing. An upload that breaks
    off is gone on with the next time.
    Raises RegistryError where the registry refuses, UsageError (MK809) for a file that changes meanwhile.
    """
    tag = tag or artifact.tag
    config = Descriptor(CONFIG, digest_of(artifact.config), len(artifact.config))
    # The smallest first: where nothing may be written, that is known before the large files go.
    blobs: list[tuple[str, Descriptor, Content]] = [("config", config, bytes_content(artifact.config))]
    for layer in sorted(artifact.layers, key=lambda layer: layer.size):
        blob = Descriptor(layer.media_type, layer.digest, layer.size)
        blobs.append((layer.name, blob, _content(layer.content, layer.size)))
    replaced = registry.manifest_digest(repository, tag) or ""
    sent: dict[str, int] = {}
    if replaced != artifact.digest:
        for name, blob, content in blobs:
            if _send(registry, repository, name, blob, content, dry_run, progress):
                sent[name] = blob.size
        if not dry_run:
            registry.put_manifest(repository, tag, artifact.manifest, OCI_MANIFEST)
    return OCIPush(f"{registry.host}/{repository}:{tag}", artifact.digest, replaced, sent)


def _content(source: Path | bytes, size: int) -> Content:
    return bytes_content(source) if isinstance(source, bytes) else file_content(source, size)


def _send(
    registry: Registry,
    repository: str,
    name: str,
    blob: Descriptor,
    content: Content,
    dry_run: bool,
    progress: Progress | None,
) -> bool:
    """Sends a blob; whether the registry lacked it."""
    if dry_run:
        return registry.blob_size(repository, blob.digest) is None

    def told(done: int, total: int) -> None:
        if progress is not None:
            progress(Step("upload", name, done, total))

    return upload_blob(registry, repository, blob, content, told=told, memory=UploadMemory())
