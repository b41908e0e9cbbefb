"""A model with all its parts."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike

from ..core.errors import GGUFError
from ..gguf_file.header import Header, read_header
from ..gguf_file.split import check_split, split_of
from ..gguf_file.tensors import TensorInfo


@dataclass(frozen=True)
class Model:
    """header: of the first part, which has the metadata; tensors: of all parts; files: where they are."""

    header: Header
    tensors: tuple[TensorInfo, ...]
    files: tuple[str, ...]


def open_model(path_or_url: str | PathLike[str]) -> Model:
    """Reads the header of a model, and those of its other parts.

    Raises GGUFError as `read_header` does, and MK422 where parts are missing or do not belong together.
    """
    header = read_header(path_or_url)
    return model_of(header)


def model_of(header: Header) -> Model:
    """The same where the first header has been read."""
    split = split_of(header)
    if split is None:
        return Model(header, header.tensors, (header.source,))
    faults = check_split(header)
    if faults:
        worst = faults[0]
        raise GGUFError(worst.message, span=worst.span, help=worst.help, code=worst.code)
    tensors = list(header.tensors)
    for path in split.parts:
        if path.name != header.path.name:
            tensors += read_header(path).tensors
    return Model(header, tuple(tensors), tuple(map(str, split.parts)))
