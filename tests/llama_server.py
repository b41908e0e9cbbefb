"""The llama-server that tests may start: the one of the Ollama that they use, or any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.runtime.llama_server import find_llama_server
from tests.ollama_process import find_ollama


def llama_server_or_skip() -> Path:
    """The program; skips the test where there is none."""
    ollama, why = find_ollama()
    if ollama is not None:
        beside = ollama.resolve().parent.parent / "lib" / "ollama" / "llama-server"
        if beside.is_file():
            return beside
        why = f"no llama-server beside {ollama}"
    found = find_llama_server()
    if found is None:
        pytest.skip(f"no llama-server: {why}")
    return found
