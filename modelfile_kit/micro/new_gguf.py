"""A GGUF file that is written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..core.os_errors import cannot_write


@contextlib.contextmanager
def new_gguf(path: Path, architecture: str, *, cut: bool = False) -> Iterator[Any]:
    """A GGUF writer whose file takes its name when all is written, so nobody ever reads half of one.

    cut: drop the last third of the file, the fault "truncated".
    """
    import gguf

    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".part", dir=path.parent)
    except OSError as error:
        raise cannot_write(error, path) from error
    os.close(handle)
    part = Path(name)
    try:
        writer = gguf.GGUFWriter(part, architecture)
        try:
            yield writer
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
        finally:
            writer.close()
        if cut:
            os.truncate(part, part.stat().st_size * 2 // 3)
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        raise cannot_write(error, path) from error
    finally:
        part.unlink(missing_ok=True)
