"""ModelPack: what an OCI artifact says about the model in it.

Source: github.com/modelpack/model-spec v0.0.7 (docs/spec.md, docs/config.md, docs/annotations.md,
specs-go/v1). What later drafts changed is not used: both read the same. Media types are those of single files
without an archive, which the specification recommends for weights.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..building.build import Build
from ..gguf_file.description import FILE_TYPES, file_type
from ..gguf_file.header import read_header
from ..gguf_file.split import split_of
from ..sources.model_name import model_part
from ..sources.registry import OCI_MANIFEST
from .model_card import front_matter

ARTIFACT = "application/vnd.cncf.model.manifest.v1+json"
CONFIG = "application/vnd.cncf.model.config.v1+json"
WEIGHT = "application/vnd.cncf.model.weight.v1.raw"
WEIGHT_CONFIG = "application/vnd.cncf.model.weight.config.v1.raw"
DOCUMENT = "application/vnd.cncf.model.doc.v1.raw"

FILE_PATH = "org.cncf.model.filepath"
# By this one general clients (ORAS) name what they pull: image-spec v1.1, annotations.md.
TITLE = "org.opencontainers.image.title"

# A file type is a quantization, except of the types that are whole numbers of bits wide.
_PRECISIONS = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
_SCALES = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K"))


@dataclass(frozen=True)
class Layer:
    """A file in the artifact: its name there, its media type, its digest (`sha256:…`) and size in bytes.

    content: the file, or its bytes.
    """

    name: str
    media_type: str
    digest: str
    size: int
    content: Path | bytes

    def descriptor(self) -> dict[str, Any]:
        """As a manifest lists it."""
        names = {FILE_PATH: self.name, TITLE: self.name}
        return {
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": self.size,
            "annotations": names,
        }


def config_bytes(built: Build, layers: Sequence[Layer]) -> bytes:
    """The artifact's configuration: `application/vnd.cncf.model.config.v1+json`.

    It has no time of creation, so that the same package always gives the same artifact.
    """
    # A layer that is no archive is its own uncompressed content.
    files = {"type": "layers", "diffIds": [layer.digest for layer in layers]}
    whole = {"descriptor": _descriptor(built), "modelfs": files, "config": _config(built)}
    return _json(whole)


def manifest_bytes(built: Build, config: bytes, config_digest: str, layers: Sequence[Layer]) -> bytes:
    """The artifact's manifest."""
    whole = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": ARTIFACT,
        "config": {"mediaType": CONFIG, "digest": config_digest, "size": len(config)},
        "layers": [layer.descriptor() for layer in layers],
        "annotations": {TITLE: _name(built)},
    }
    return _json(whole)


def parameter_count(built: Build) -> int:
    """How many numbers the model's tensors hold, in all parts of a split model."""
    header = built.files.header
    split = split_of(header)
    if split is None or not split.parts:
        return header.parameter_count
    return sum(read_header(part).parameter_count for part in split.parts)


def parameter_size(count: int) -> str:
    """A number of parameters as ModelPack writes it, with at most one digit behind the point: `9.4B`."""
    for scale, letter in _SCALES:
        if count >= scale:
            return f"{count / scale:.1f}".removesuffix(".0") + letter
    return f"{count / 1000:.1f}".removesuffix(".0") + "K"


def _descriptor(built: Build) -> dict[str, Any]:
    header = built.files.header
    card = front_matter(built)
    found: dict[str, Any] = {"name": _name(built), "family": header.architecture}
    if title := header.metadata.text("general.name"):
        found["title"] = title
    if version := header.metadata.text("general.version"):
        found["version"] = version
    if vendor := header.metadata.text("general.organization"):
        found["vendor"] = vendor
    if source := header.metadata.text("general.source.url"):
        found["sourceURL"] = source
    # `other` is what the hub calls a licence that it has no name for; SPDX has no such name.
    if (terms := card.get("license", "other")) != "other":
        found["licenses"] = [terms]
    return found


def _config(built: Build) -> dict[str, Any]:
    kind = file_type(built.files.header)
    found: dict[str, Any] = {"format": "gguf", "paramSize": parameter_size(parameter_count(built))}
    if _is_transformer(built):
        found["architecture"] = "transformer"
    if kind in _PRECISIONS:
        found["precision"] = _PRECISIONS[kind]
    elif kind in FILE_TYPES.values():
        found["quantization"] = kind
    capabilities: dict[str, Any] = {"inputTypes": list(built.files.input), "outputTypes": ["text"]}
    if (shows := _shows(built)) is not None:
        capabilities |= {"reasoning": "thinking" in shows, "toolUsage": "tools" in shows}
    return {**found, "capabilities": capabilities}


def _is_transformer(built: Build) -> bool:
    return built.files.header.metadata.get(built.files.header.own("attention.head_count")) is not None


def _shows(built: Build) -> tuple[str, ...] | None:
    """The capabilities that the newest server of the target reads out of the template; None if unknown."""
    newest = built.plan.in_use.selections[-1][1] if built.plan.in_use.selections else None
    return None if newest is None or newest.source not in ("template", "jinja") else newest.capabilities


def _name(built: Build) -> str:
    return model_part(built.package.name)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
