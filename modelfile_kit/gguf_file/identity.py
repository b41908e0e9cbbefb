"""Whose file is this? Names of models in one spelling, and whether two files belong together by them.

A projector fits by its width on every model of that width, so only names tell whose it is: `general.name`,
`general.base_model.*`, the file's own name and that of its repository. Quantizations, `mmproj` and the
like, upper case, underscores and dots are no part of a name.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from pathlib import Path, PurePath

from .header import Header

MAX_BASES = 8
"""How many base models are read; merges name two to five."""

_QUANTIZATION = r"(?:ud-)?(?:i?q\d\w*|t?q\d_\d|b?f16|f32|fp16|fp32|bf16|mxfp4\w*|nvfp4)|i1|imat(?:rix)?|ud"
# Words that say what kind of file it is, not whose.
_NO_NAME = frozenset(
    {"gguf", "ggml", "mmproj", "projector", "proj", "model", "text", "vision", "visual", "audio", "clip"}
    | {"encoder", "vit", "hf", "main", "input", "output", "snapshot", "merged", "checkpoint", "final", "v"}
    | {"f16", "f32", "bf16", "fp16", "fp32", "i1", "imat", "imatrix", "ud", "quantized"}
)
_HASH = re.compile(r"[0-9a-f]{12,}")
_CACHE = re.compile(r"models--[^/]*?--(?P<name>.+)")


class Relation(enum.IntEnum):
    """How a projector belongs to a model by their names, the closest first."""

    SAME = 0
    """One name of both."""
    BASE = 1
    """The projector is that of the model's base model."""
    UNNAMED = 2
    """One of them has no name, as `mmproj-F16.gguf`."""
    OTHER = 3
    """Both have names, and they differ."""


@dataclass(frozen=True)
class Identity:
    """The names of one file.

    own: in one spelling; bases: those of its base models; shown: the name to say to people.
    """

    own: frozenset[str]
    bases: frozenset[str]
    shown: str


def stem(name: str) -> str:
    """A model's bare name: without folder, ending, part number, quantization and `mmproj`."""
    bare = re.sub(r"(?i)\.gguf$", "", PurePath(name).name)
    bare = re.sub(r"-\d{5}-of-\d{5}$", "", bare)
    bare = re.sub(r"(?i)^mmproj[-_.]|[-_.]mmproj(?=$|[-_.])", "", bare)
    return re.sub(rf"(?i)(?:(?:^|[-_.])(?:{_QUANTIZATION}))+$", "", bare)


def spelling(name: str) -> str:
    """A name as it is compared: `Gemma_3_4B_it` and `gemma-3-4b-it` are one; "" for what names nothing."""
    words = re.findall(r"[a-z0-9]+", stem(name).lower())
    words = [re.sub(r"^v(?=\d)", "", w) for w in words]
    return "".join(w for w in words if w not in _NO_NAME and not _HASH.fullmatch(w))


def identify(header: Header, path: str | Path | None = None) -> Identity:
    """The names of a file; path: where it was found, if not where its header was read."""
    metadata = header.metadata
    place = PurePath(str(path or header.source))
    inside = metadata.text("general.name")
    base, size = metadata.text("general.basename"), metadata.text("general.size_label")
    tune = metadata.text("general.finetune")
    shown = [stem(place.name), inside]
    if base and size:
        shown += [f"{base} {size} {tune}", f"{base} {tune} {size}"]
    shown += [found["name"] for part in place.parts[-4:-1] if (found := _CACHE.fullmatch(part))]
    bases = []
    for n in range(min(metadata.integer("general.base_model.count") or 0, MAX_BASES)):
        bases.append(metadata.text(f"general.base_model.{n}.name"))
        bases.append(metadata.text(f"general.base_model.{n}.repo_url").rstrip("/").rpartition("/")[2])
    own = frozenset(spelled for name in shown if (spelled := spelling(name)))
    first = next((name for name in (inside, *shown) if spelling(name)), "")
    return Identity(own, frozenset(spelled for name in bases if (spelled := spelling(name))), first)


def relation(model: Identity, projector: Identity) -> Relation:
    """How a projector belongs to a model, by names alone."""
    if model.own & projector.own:
        return Relation.SAME
    if not projector.own or not model.own:
        return Relation.UNNAMED
    if model.bases & projector.own:
        return Relation.BASE
    return Relation.OTHER
