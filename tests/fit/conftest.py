"""The programs of llama.cpp that come with Ollama."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..ollama_process import find_ollama


@pytest.fixture(scope="session")
def engine() -> Path:
    """The folder with llama-server and llama-quantize."""
    ollama, why = find_ollama()
    if ollama is None:
        pytest.skip(why)
    folder = ollama.resolve().parents[1] / "lib" / "ollama"
    if not (folder / "llama-server").is_file():
        pytest.skip(f"no llama-server in {folder}")
    return folder
