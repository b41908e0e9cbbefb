"""A build as OCI image layout: a folder that tools for registries read (image-spec v1.1, image-layout.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..building.build import Build, default_output, modelfile_beside
from ..building.output import MODELFILE, write_files
from ..building.sources import license_text
from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import UsageError
from ..core.files import parse_json, read_file
from ..core.progress import Progress
from ..publish.blobs import digest_file
from ..sources.model_name import tag_of
from ..sources.registry import OCI_INDEX, OCI_MANIFEST, digest_of
from .bring_here import bring_here
from .file_names import plain_names
from .model_card import CARD, own_card
from .model_pack import (
    ARTIFACT,
    DOCUMENT,
    WEIGHT,
    WEIGHT_CONFIG,
    Layer,
    config_bytes,
    manifest_bytes,
)

FOLDER = "oci"
INDEX = "index.json"
LAYOUT = "oci-layout"
REFERENCE = "org.opencontainers.image.ref.name"
CHAT_TEMPLATE, TEMPLATE, LICENSE = "chat_template.jinja", "template", "LICENSE"
NOT_QUANTIZED = "MK545"

MAX_INDEX = 1 << 22


@dataclass(frozen=True)
class Artifact:
    """A build as an OCI artifact.

    tag: under which it is in the index; manifest, config: their bytes; layers: the files, the weights first;
    diagnostics: what does not stand in it.
    """

    tag: str
    manifest: bytes
    config: bytes
    layers: tuple[Layer, ...]
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def digest(self) -> str:
        """Of the manifest, `sha256:…`."""
        return digest_of(self.manifest)

    def descriptor(self) -> dict[str, Any]:
        """The manifest as an index lists it."""
        return {
            "mediaType": OCI_MANIFEST,
            "digest": self.digest,
            "size": len(self.manifest),
            "artifactType": ARTIFACT,
            "annotations": {REFERENCE: self.tag},
        }


def make_artifact(built: Build, *, progress: Progress | None = None) -> Artifact:
    """A build as an artifact: the digests of all its files are taken, nothing is written.

    Raises UsageError for a file that cannot be read or changes meanwhile, SourceError for one that lies
    elsewhere and cannot be fetched.
    """
    bring_here(built, progress=progress)
    layers = tuple(_layers(built, progress))
    config = config_bytes(built, layers)
    manifest = manifest_bytes(built, config, digest_of(config), layers)
    tag = tag_of(built.package.name)
    return Artifact(tag, manifest, config, layers, tuple(_not_in_it(built)))


def write_layout(
    built: Build, output: Path | None = None, *, progress: Progress | None = None
) -> tuple[Path, Artifact]:
    """Writes the layout into a folder, `oci` in the build's own by default.

    Artifacts of other tags in it stay; large files are copied only where the file system can do no better.
    Raises UsageError where the folder cannot be written or holds another index.
    """
    folder = output if output is not None else default_output(built.package) / FOLDER
    index = _index(folder)
    artifact = make_artifact(built, progress=progress)
    files: dict[str, bytes | Path] = {
        _blob(layer.digest): layer.content for layer in artifact.layers if not _is_there(folder, layer)
    }
    files[_blob(digest_of(artifact.config))] = artifact.config
    files[_blob(artifact.digest)] = artifact.manifest
    files[LAYOUT] = b'{"imageLayoutVersion":"1.0.0"}'
    others = [entry for entry in index if _tag(entry) != artifact.tag]
    whole = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [*others, artifact.descriptor()],
    }
    # The index is the last that appears: what it names is there.
    files[INDEX] = json.dumps(whole, ensure_ascii=False, indent=2).encode()
    write_files(folder, files)
    return folder, artifact


def _layers(built: Build, progress: Progress | None) -> Iterator[Layer]:
    names = plain_names(built)
    for file, name in names.items():
        digest, _ = digest_file(file, progress=progress)
        yield Layer(name, WEIGHT, digest, file.stat().st_size, file)
    texts: list[tuple[str, str, bytes | None]] = [
        (MODELFILE, WEIGHT_CONFIG, str(modelfile_beside(built, names)).encode()),
        (TEMPLATE, WEIGHT_CONFIG, _encoded(built.template)),
        (CHAT_TEMPLATE, WEIGHT_CONFIG, _encoded(built.reference.text if built.reference else None)),
        (LICENSE, DOCUMENT, _encoded(license_text(built.package))),
        (CARD, DOCUMENT, own_card(built.package.folder)),
    ]
    for name, media_type, data in texts:
        if data is not None:
            yield Layer(name, media_type, digest_of(data), len(data), data)


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8", "surrogatepass")


def _not_in_it(built: Build) -> Iterator[Diagnostic]:
    if built.package.quantize:
        message = f"the artifact has the model as it is, not quantized to {built.package.quantize}"
        hint = f"run `mkmodelfile quantize MODEL {built.package.quantize}` first, and remove `quantize`"
        yield Diagnostic(NOT_QUANTIZED, Severity.WARNING, message, built.package.span("quantize"), hint)


def _index(folder: Path) -> list[dict[str, Any]]:
    """The manifests of a layout that is there already."""
    path = folder / INDEX
    if not path.exists():
        return []
    hint = "name another folder with --output"
    found = parse_json(read_file(path, MAX_INDEX), str(path), help=hint)
    entries = found.get("manifests") if isinstance(found, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"{path} is not the index of an OCI image layout", help=hint)
    return entries


def _tag(entry: dict[str, Any]) -> object:
    annotations = entry.get("annotations")
    return annotations.get(REFERENCE) if isinstance(annotations, dict) else None


def _is_there(folder: Path, layer: Layer) -> bool:
    """Whether a large file needs not be written again; a blob is named by its contents."""
    if not isinstance(layer.content, Path):
        return False
    blob = folder / _blob(layer.digest)
    try:
        return blob.samefile(layer.content) or digest_file(blob)[0] == layer.digest
    except (OSError, UsageError):
        return False


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
