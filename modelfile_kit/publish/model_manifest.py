"""The manifest that an Ollama server would make of a package, made here: for pushes without a server.

Source: Ollama 0.34.4, server/create.go and create/manifest.go. One thing is left out on purpose: a server
adds a built-in template and its stops where a request has no TEMPLATE and the GGUF's chat template resembles
a known one. What a package says is all that is pushed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.diagnostics import Severity
from ..core.errors import UsageError
from ..gguf_file import Header, read_header
from ..gguf_file.description import FILE_TYPES
from ..gguf_file.pairing import FileKind, classify
from ..gguf_file.split import check_split, split_of
from ..sources.ollama import LAYER_TYPE
from ..sources.registry import DOCKER_MANIFEST, Descriptor, digest_of
from ..sources.registry_upload import Content, bytes_content, file_content
from .blobs import Blob
from .create_request import CreateRequest

NEEDS_SERVER = "MK827"

_CONFIG = "application/vnd.docker.container.image.v1+json"
_KINDS = {FileKind.MODEL: "model", FileKind.PROJECTOR: "projector"}
SPLIT_REQUIRES = "0.35.0"
"""What a server writes as `requires` into a model of several parts that names no release."""


@dataclass(frozen=True)
class ModelManifest:
    """data: the manifest's bytes; blobs: what it names, with the source of their bytes, small ones first."""

    data: bytes
    blobs: tuple[tuple[Descriptor, Content], ...]

    @property
    def digest(self) -> str:
        """Of the manifest, `sha256:…`."""
        return digest_of(self.data)


def make_manifest(request: CreateRequest, blobs: Sequence[Blob]) -> ModelManifest:
    """The manifest of a request. blobs: its files, hashed, in the request's order.

    Raises UsageError (MK827) for what only a server makes, or a file of another kind than its place, MK422
    for a model of which not all parts are there, GGUFError for a file that is none.
    """
    _refuse_what_needs_a_server(request)
    files = [_File(blob, read_header(blob.path)) for blob in blobs]
    own = files[: len(request.files)]
    adapters = files[len(own) : len(own) + len(request.adapters)]
    drafts = files[len(own) + len(adapters) :]
    _refuse_incomplete(own)
    _refuse_incomplete(drafts)
    layers = [(file.layer(_kind(file)), file.content) for file in own]
    layers += [(file.layer(_adapter(file)), file.content) for file in adapters]
    layers += [(file.layer("draft"), file.content) for file in drafts]
    layers += [
        (Descriptor(f"{LAYER_TYPE}{kind}", digest_of(data), len(data)), bytes_content(data))
        for kind, data in _texts(request)
    ]
    models = [file.header for file in own if _kind(file) == "model"]
    data = _go_json(_config(request, models, [file.header for file in drafts]))
    config = (Descriptor(_CONFIG, digest_of(data), len(data)), bytes_content(data))
    manifest = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": config[0].as_json(),
        "layers": [descriptor.as_json() for descriptor, _ in layers],
    }
    each = {d.digest: (d, content) for d, content in (config, *layers)}
    ordered = sorted(each.values(), key=lambda one: one[0].size)
    return ModelManifest(json.dumps(manifest, separators=(",", ":")).encode(), tuple(ordered))


@dataclass(frozen=True)
class _File:
    blob: Blob
    header: Header

    def layer(self, kind: str) -> Descriptor:
        return Descriptor(f"{LAYER_TYPE}{kind}", self.blob.digest, self.blob.size)

    @property
    def content(self) -> Content:
        return file_content(self.blob.path, self.blob.size)


def _refuse_what_needs_a_server(request: CreateRequest) -> None:
    needs = {"a model of a server as FROM": request.from_model, "quantize": request.quantize}
    for what, value in needs.items():
        if value:
            raise UsageError(
                f"{what} takes an Ollama server to make a model of, and this push has none",
                help="push with `--by server`, or leave it out of the package",
                code=NEEDS_SERVER,
            )


def _kind(file: _File) -> str:
    """`model` or `projector`. A later part of a split model says nothing but that it is one."""
    split = split_of(file.header)
    kind = "model" if split is not None and split.number else _KINDS.get(classify(file.header))
    if kind is None:
        raise UsageError(
            f"{file.blob.path} is neither a model nor a projector, but was given as one",
            help="an adapter goes into `adapters`, or behind ADAPTER",
            code=NEEDS_SERVER,
        )
    return kind


def _adapter(file: _File) -> str:
    if classify(file.header) is not FileKind.ADAPTER:
        raise UsageError(
            f"{file.blob.path} is not a LoRA adapter, but was given as one",
            help="name a GGUF whose general.type is `adapter`",
            code=NEEDS_SERVER,
        )
    return "adapter"


def _refuse_incomplete(files: Sequence[_File]) -> None:
    """Raises UsageError for a model of which not all parts are there, in their order.

    Ollama takes the layers of a manifest for the parts in this order (0.34.4, server/create_split_gguf.go).
    """
    names = [file.blob.path for file in files]
    for at, file in enumerate(files):
        split = split_of(file.header)
        if split is None:
            continue
        found = next((d for d in check_split(file.header) if d.severity is Severity.ERROR), None)
        if split.number == 0 and found is not None:
            raise UsageError(found.message, help=found.help, span=found.span, code=found.code)
        first = at - split.number
        if first < 0 or tuple(names[first : first + split.count]) != split.parts:
            raise UsageError(
                f"{file.blob.path} is part {split.number + 1} of {split.count}, and the parts are not given "
                "one after the other",
                help="name the first part alone; the others are found beside it",
                code="MK422",
            )


def _texts(request: CreateRequest) -> Iterator[tuple[str, bytes]]:
    """The layers that are no files, in the order in which a server writes them."""
    said = request.description()
    for kind in ("template", "system"):
        if said.get(kind):
            yield kind, str(said[kind]).encode("utf-8", "surrogatepass")
    for text in said.get("license", ()):
        yield "license", str(text).encode("utf-8", "surrogatepass")
    if said.get("parameters"):
        yield "params", _go_json(said["parameters"])
    if said.get("messages"):
        yield "messages", _go_json(said["messages"])


def _config(request: CreateRequest, models: Sequence[Header], drafts: Sequence[Header]) -> dict[str, Any]:
    """What `ollama show` says of a model (types/model/config.go, ConfigV2)."""
    first = models[0] if models else None
    whole = [h for h in models if (split := split_of(h)) is None or not split.number]
    families = list(dict.fromkeys(h.architecture for h in whole))
    elements = sum(tensor.elements for h in models for tensor in h.tensors)
    found: dict[str, Any] = {
        "model_format": "gguf",
        "model_family": families[0] if families else "",
        "model_families": families,
        "model_type": human_number(elements) if first else "",
        "file_type": _file_type(first) if first else "",
    }
    more: dict[str, Any] = {key: getattr(request, key) for key in ("renderer", "parser", "requires")}
    if len(models) > len(whole):
        more["requires"] = more["requires"] or SPLIT_REQUIRES
    if drafts:
        more["draft"] = {"model_format": "gguf", "architecture": drafts[0].architecture}
    return {**found, **{key: value for key, value in more.items() if value}}


def _file_type(header: Header) -> str:
    number = header.metadata.integer("general.file_type")
    return FILE_TYPES.get(number, "unknown") if number is not None else "unknown"


def human_number(count: int) -> str:
    """7.6B, 494.03M, 12K: how Ollama writes a number of parameters (format/format.go, HumanNumber)."""
    for size, sign, digits in ((10**9, "B", 1), (10**6, "M", 2)):
        if count >= size:
            number = count / size
            return f"{number:.0f}{sign}" if number == int(number) else f"{number:.{digits}f}{sign}"
    return f"{count / 1000:.0f}K" if count >= 1000 else str(count)


def _go_json(value: object) -> bytes:
    """JSON as Go's encoder writes it: sorted keys of maps, `<`, `>`, `&` as escapes, a newline at the end."""
    text = json.dumps(_whole(value), ensure_ascii=False, sort_keys=_is_map(value), separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f"{text}\n".encode("utf-8", "surrogatepass")


def _is_map(value: object) -> bool:
    """Parameters are a map in Go, whose keys are sorted; a config and messages are structs."""
    return isinstance(value, Mapping) and "model_format" not in value


def _whole(value: object) -> object:
    """Go writes the number 1.0 as 1."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(each) for key, each in value.items()}
    return [_whole(each) for each in value] if isinstance(value, list) else value
