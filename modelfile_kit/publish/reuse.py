"""A new description for layers the server already has, without rewriting gigabytes.

From 0.30 to 0.34.0 a create from files rewrites the model's GGUF every time, so its layer has another
digest than the file; later releases keep the file. `"from"` an existing model keeps the layers (0.33,
server/create.go, parseFromModel) and takes milliseconds. The kit remembers which layers a set of files
became; both sides are digests of content, so the memory cannot be wrong about another server's model. What
`from` inherits and a request cannot take away rules it out, and the result is compared before it is used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..core.cache import kit_cache
from ..core.files import MAX_TEXT_BYTES, read_file, write_atomically
from .blobs import Blob
from .create_request import CreateRequest
from .served_model import ServedModel

Layers = tuple[tuple[str, str], ...]


class LayerMemory:
    """Which layers a set of files became. folder: by default `layers` in the user's cache folder."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder is None:
            folder = kit_cache("layers")
        self.folder = folder

    def get(self, blobs: Iterable[Blob], quantize: str | None = None) -> Layers | None:
        """The layers, or None where these files were not published yet.

        quantize: the type to which the server quantized the model.
        """
        try:
            entry = json.loads(read_file(self._entry(blobs, quantize), MAX_TEXT_BYTES))
            return tuple((str(kind), str(digest)) for kind, digest in entry["layers"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def put(self, blobs: Iterable[Blob], layers: Layers, quantize: str | None = None) -> None:
        """Remembers them; a cache that cannot be written is no error."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            data = json.dumps({"layers": [list(layer) for layer in layers]}).encode()
            write_atomically(self._entry(blobs, quantize), data, lasting=False)

    def _entry(self, blobs: Iterable[Blob], quantize: str | None) -> Path:
        # The name counts as well: it says how parts of a split file belong together.
        files = sorted((b.digest, b.name) for b in blobs)
        key = json.dumps([files, quantize.upper()] if quantize else files)
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()}.json"


def body_from_layers(
    request: CreateRequest, existing: ServedModel, name: str, temporary: str
) -> dict[str, Any] | None:
    """The create request that builds `temporary` on `name`, or None where inheritance is in the way.

    Inherited unless given: template, system, messages, renderer, parser, requires, each parameter.
    Licences add up. `stop` can be emptied, nothing else can be taken away.
    """
    if not request.template or request.drafts:
        return None  # which template create chooses on its own is not inherited
    pairs = (
        (existing.system, request.system),
        (existing.messages, request.messages),
        (existing.renderer, request.renderer),
        (existing.parser, request.parser),
        (existing.requires, request.requires),
    )
    if any(old and not new for old, new in pairs):
        return None
    kept = set(existing.parameters) - set(request.parameters) - {"stop"}
    if kept:
        return None
    licences = "\n".join(request.licenses)
    if existing.license and existing.license != licences:
        return None
    body = {"model": temporary, "from": name, **request.description()}
    if existing.license:
        body.pop("license", None)
    body.pop("quantize", None)  # these layers are quantized
    if "stop" in existing.parameters and "stop" not in request.parameters:
        body["parameters"] = {**body.get("parameters", {}), "stop": []}
    return body
