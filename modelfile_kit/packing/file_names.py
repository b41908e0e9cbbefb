"""What the files of a build are called where they are published."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ..building.build import Build, model_files
from ..gguf_file.description import FILE_TYPES, file_type

# A quantization in a file name, as the hub reads it (huggingface.js, packages/tasks/src/gguf.ts): the names
# of llama.cpp's file types, those that Unsloth gives its own mixtures, and MXFP4.
_MIXTURES = tuple(f"Q{bits}_K_XL" for bits in (2, 3, 4, 5, 6, 8))
_KNOWN = sorted((*FILE_TYPES.values(), *_MIXTURES, "MXFP4"), key=len, reverse=True)
_LABEL = re.compile(rf"(?:UD-)?(?:{'|'.join(_KNOWN)})(?:_[A-Z]+)?")
_PROJECTOR = "mmproj"


def quantization_label(name: str) -> str:
    """The quantization by which the hub finds a file, the last one in its name; "" where there is none."""
    found = _LABEL.findall(name.upper())
    return found[-1] if found else ""


def plain_names(built: Build) -> dict[Path, str]:
    """For every file of the build its own name, without what a path, pattern or Modelfile reads otherwise.

    Two files of one name get a number.
    """
    return _apart({file: _plain(file.name) for file in model_files(built)})


def hub_names(built: Build) -> dict[Path, str]:
    """For every file of the build a name by which the hub tells what it is.

    A model has its quantization in its name, so that `:Q4_K_M` finds it; a projector has `mmproj` there, and
    no other file has.
    """
    names = plain_names(built)
    files = built.files
    names[files.model] = _model_name(built, names[files.model])
    for file, name in names.items():
        if file == files.projector:
            names[file] = name if _PROJECTOR in name.lower() else f"{_PROJECTOR}-{name}"
            names[file] = _gguf(names[file])
        elif file != files.model:
            names[file] = _gguf(_no_projector(name))
    return _apart(names)


def _model_name(built: Build, name: str) -> str:
    # A blob of Ollama's store says nothing by its name.
    stem = built.package.name if name.startswith("sha256-") else name.removesuffix(".gguf")
    stem = _no_projector(_plain(stem))
    kind = file_type(built.files.header)
    if kind in FILE_TYPES.values() and not quantization_label(stem):
        stem = f"{stem}-{kind}"
    return _gguf(stem)


def _no_projector(name: str) -> str:
    return re.sub(_PROJECTOR, "model", name, flags=re.IGNORECASE)


def _gguf(name: str) -> str:
    return name if name.endswith(".gguf") else f"{name}.gguf"


def _plain(name: str) -> str:
    return re.sub(r"[^\w.+-]", "-", name).lstrip(".-") or "model"


def _apart(names: Mapping[Path, str]) -> dict[Path, str]:
    out: dict[Path, str] = {}
    for file, name in names.items():
        stem, dot, end = name.rpartition(".")
        number = 2
        while name in out.values():
            name, number = f"{stem}-{number}{dot}{end}", number + 1
        out[file] = name
    return out
