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
_PART = re.compile(r"(.+-)\d{5}-of-\d{5}\.gguf", re.DOTALL)
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
    seen = {os.path.realpath(path)}
    for distance, folder in enumerate(_folders(path)):
        real = os.path.realpath(folder)
        for number, (name, is_link) in enumerate(_asked(folder, distance)):
            if distance == 0 and name in own:
                continue
            other = folder / name
            # Of thousands of files beside a model only the links are resolved one by one.
            place = os.path.realpath(other) if is_link else os.path.join(real, name)  # noqa: PTH118
            if place not in seen:
                seen.add(place)
                yield Neighbour(other, distance, number < MAX_FILES)
    for other in _in_store(path):
        yield Neighbour(other, 0, by_manifest=True)


def state_around(path: Path) -> str:
    """A short text that changes with the GGUF files around a model: their names, sizes and times.

    Only the model's own parts and files that `neighbours` lists count: of a folder with more, the others are
    not asked for.
    """
    state = hashlib.sha256()
    series = _PART.fullmatch(path.name)
    for distance, folder in enumerate(_folders(path)):
        for number, (name, _) in enumerate(_asked(folder, distance)):
            part = series is not None and distance == 0 and name.startswith(series[1])
            if number >= MAX_FILES and not part:
                continue
            with contextlib.suppress(OSError):  # gone meanwhile, or a link that leads nowhere
                info = (folder / name).stat()
                state.update(f"{name}\0{info.st_size} {info.st_mtime_ns}\n".encode(*_ANY_NAME))
    return state.hexdigest()[:16]


def looks_like_one(path: Path) -> bool:
    """Whether a file is named as projectors are."""
    return _named_as_one(path.name)


def _named_as_one(name: str) -> bool:
    return any(word in name.lower() for word in ("mmproj", "projector"))


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


def _is_gguf(name: str) -> bool:
    return os.path.splitext(name)[1].lower() == ".gguf"  # noqa: PTH122 -- a Path each takes ten times as long


def _asked(folder: Path, distance: int) -> Iterator[tuple[str, bool]]:
    """The files of a folder that may be the projector: name, and whether it is a link; in order of names."""
    # Above the model's own folder there may be many models, whose headers take long to read.
    named = distance > 0 and folder.name != "mmproj"
    return (file for file in _files(folder) if not named or _named_as_one(file[0]))


def _files(folder: Path) -> list[tuple[str, bool]]:
    # Of files that are not here yet only those are asked for that look like projectors.
    found = [(p.name, False) for p in remote_in(folder) if looks_like_one(p)]
    with contextlib.suppress(OSError), os.scandir(folder) as entries:  # not there, or not to be listed
        found += [(e.name, e.is_symlink()) for e in entries if _is_gguf(e.name)]
    return sorted(found, key=lambda file: os.path.normcase(file[0]))


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
