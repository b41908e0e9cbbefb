from __future__ import annotations

import pytest

from modelfile_kit.gguf_file import read_header
from tests.gguf_file.handmade import gguf


@pytest.fixture
def header(tmp_path):
    """Writes metadata (and tensors) to a file and reads its header."""

    def header(entries, tensors=(), data=b"", name="m.gguf", **how):
        path = tmp_path / name
        path.write_bytes(gguf(entries, tensors, data, **how))
        return read_header(path)

    return header
