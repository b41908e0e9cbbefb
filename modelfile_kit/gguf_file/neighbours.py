"""Where a model's projector may be: beside it, in the folder above, in `mmproj/`, in Ollama's blob store.

A symlink counts where it stands first: Hugging Face's cache names its files in `snapshots/` and keeps them
nameless in `blobs/`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..sources.places import remote_in
from .header import Header
from .split import split_of

MAX_FILES = 200
"""How many *.gguf files of one folder are looked at; a folder with more is a store, not a package."""

MAX_LINKS = 40
"""How many symlinks in a row are followed, as Linux does."""

MAX_MANIFESTS = 1000
"""How many manifests of Ollama's store are read, each at most MAX_MANIFEST_BYTES."""

MAX_MANIFEST_BYTES = 1024 * 1024

_ANY_NAME = ("utf-8", "surrogateescape")  # the name of a file need not be UTF-8
_BLOB = re.compile(r"sha256-[0-9a-f]{64}")
_PROJECTOR_LAYER = "application/vnd.ollama.image.projector"


@dataclass(frozen=True)
class Neighbour:
    """A file that may be the projector.

    distance: of its folder, 0 for the model's own; listed: False where the folder has too many files;
    by_manifest: Ollama's store names the two in one model.
    """

    path: Path
    distance: int
    listed: bool = True
    by_manifest: bool = False


def neighbours(path: Path, model: Header) -> Iterator[Neighbour]:
    """The GGUF files around a model, the nearest first; not the model itself or its parts."""
    split = split_of(model)
    own = {path.name, *(p.name for p in split.parts)} if split else {path.name}
    seen = {_real(path)}
    for distance, folder in enumerate(_folders(path)):
        # Above the model's own folder there may be many models, whose headers take long to read.
        named = distance > 0 and folder.name != "mmproj"
        for number, other in enumerate(p for p in _files(folder) if not named or looks_like_one(p)):
            if (distance == 0 and other.name in own) or (real := _real(other)) in seen:
                continue
            seen.add(real)
            yield Neighbour(other, distance, number < MAX_FILES)
    for other in _in_store(path):
        yield Neighbour(other, 0, by_manifest=True)


def state_around(path: Path) -> str:
    """A short text that changes with the GGUF files around a model: their names, sizes and times."""
    state = hashlib.sha256()
    for distance, folder in enumerate(_folders(path)):
        for file in _files(folder):
            if distance == 0 or folder.name == "mmproj" or looks_like_one(file):
                with contextlib.suppress(OSError):  # gone meanwhile, or a link that leads nowhere
                    info = file.stat()
                    state.update(f"{file.name}\0{info.st_size} {info.st_mtime_ns}\n".encode(*_ANY_NAME))
    return state.hexdigest()[:16]


def looks_like_one(path: Path) -> bool:
    """Whether a file is named as projectors are."""
    return any(word in path.name.lower() for word in ("mmproj", "projector"))


def _folders(path: Path) -> list[Path]:
    """Without doubles, the nearest first."""
    found: list[Path] = []
    for place in _links(path):
        here = place.parent
        above = here.parent if here.parts and here.name not in ("", "..") else here / ".."
        found += [here, here / "mmproj", above, above / "mmproj"]
    kept: dict[str, Path] = {}
    for folder in found:
        kept.setdefault(os.path.abspath(folder), folder)  # noqa: PTH100 -- links stay what they are
    return list(kept.values())


def _links(path: Path) -> list[Path]:
    """The path, and where each symlink leads: to a link in a cache's snapshot, and from there to its blob."""
    found = [path]
    while len(found) < MAX_LINKS and found[-1].is_symlink():
        try:
            target = found[-1].readlink()
        except OSError:
            break
        found.append(Path(os.path.normpath(found[-1].parent / target)))
    return [*found, Path(os.path.realpath(path))] if len(found) > 1 else found


def _files(folder: Path) -> list[Path]:
    # Of files that are not here yet only those are asked for that look like projectors.
    elsewhere = [p for p in remote_in(folder) if looks_like_one(p)]
    try:
        return sorted((*elsewhere, *(p for p in folder.iterdir() if p.suffix.lower() == ".gguf")))
    except OSError:  # not there, or may be entered and not listed
        return sorted(elsewhere)


def _real(path: Path) -> str:
    return os.path.realpath(path)


def _in_store(path: Path) -> list[Path]:
    """What the manifests of Ollama's store name as projectors beside this blob."""
    blob = path if _BLOB.fullmatch(path.name) else Path(os.path.realpath(path))
    if not _BLOB.fullmatch(blob.name):
        return []
    digest = blob.name.replace("-", ":")
    found: dict[Path, None] = {}
    for manifest in _manifests(blob.parent.parent / "manifests"):
        layers = _layers(manifest)
        if any(layer.get("digest") == digest for layer in layers):
            for layer in layers:
                name = str(layer.get("digest", "")).replace(":", "-")
                if layer.get("mediaType") == _PROJECTOR_LAYER and _BLOB.fullmatch(name):
                    found.setdefault(blob.parent / name)
    return [p for p in found if p.is_file()]


def _manifests(folder: Path) -> Iterator[Path]:
    """`manifests/<host>/<namespace>/<model>/<tag>`."""
    try:
        for number, path in enumerate(sorted(folder.glob("*/*/*/*"))):
            if number >= MAX_MANIFESTS:
                return
            yield path
    except OSError:
        return


def _layers(manifest: Path) -> list[dict[str, object]]:
    try:
        with manifest.open("rb") as stream:
            data = stream.read(MAX_MANIFEST_BYTES + 1)
        read = json.loads(data) if len(data) <= MAX_MANIFEST_BYTES else {}
    except (OSError, ValueError, RecursionError):
        return []
    layers = read.get("layers") if isinstance(read, dict) else None
    return [layer for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []
