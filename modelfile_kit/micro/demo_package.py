"""The package that `mkmodelfile demo` builds: the micro pair with a mkmodelfile.yaml beside it."""

from __future__ import annotations

from pathlib import Path

from ..core.diagnostics import Span
from ..core.errors import UsageError
from ..core.files import write_atomically
from .build import MODEL_NAME, MicroPair, build_pair

NAME = "mkmodelfile-demo"
_FILE_NAME = "mkmodelfile.yaml"
_TEXT = f"""\
name: {NAME}
model: {MODEL_NAME}
projector: auto
system: You are a model that knows the names of colours.
parameters: {{num_ctx: 2048, temperature: 0}}
"""


def write_demo_package(folder: Path) -> MicroPair:
    """Writes the package into a folder, which may hold the same package already.

    Raises UsageError where another package is in the folder: nothing of it is overwritten.
    """
    file = folder / _FILE_NAME
    if file.exists() and file.read_bytes() != _TEXT.encode():
        raise UsageError(
            "another package is in this folder", span=Span(str(file)), help="give an empty folder as --output"
        )
    pair = build_pair(folder)
    write_atomically(file, _TEXT.encode())
    return pair
