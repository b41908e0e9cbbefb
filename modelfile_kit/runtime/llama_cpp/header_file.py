"""A model that is not on this machine yet, for llama.cpp to read its vocabulary."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ...gguf_file import read_header
from ...gguf_file.split import split_of
from ...sources.places import remote
from ...sources.resolve import open_source


@contextlib.contextmanager
def header_alone(model: Path) -> Iterator[Path]:
    """The model's own path where it is here; else a file of its header, which is removed afterwards.

    Behind the header there is a hole of the tensors' size, since llama.cpp looks whether they end within the
    file; it reads none of them for a vocabulary. A split model has such a file for each part.
    """
    if remote(model) is None:
        yield model
        return
    split = split_of(read_header(model))
    with tempfile.TemporaryDirectory(prefix="mkmodelfile-header-") as folder:
        for part in split.parts if split and split.parts else (model,):
            _write_header(part, Path(folder) / part.name)
        yield Path(folder) / model.name


def _write_header(part: Path, copy: Path) -> None:
    header = read_header(part)
    source = open_source(part)
    try:
        with copy.open("wb") as file:
            left = header.data_offset
            while left > 0 and (block := source.read(left)):
                file.write(block)
                left -= len(block)
            if header.size is not None:
                file.truncate(header.size)
    finally:
        source.close()
