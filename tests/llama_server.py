"""The llama-server that tests may start: the one of the Ollama that they use, or any other."""

from __future__ import annotations

from pathlib import Path

from modelfile_kit.runtime.llama_server import find_llama_server
from tests.ollama_process import find_ollama


def find_for_tests() -> tuple[Path | None, str]:
    """The program, or None and why."""
    ollama, why = find_ollama()
    if ollama is not None:
        beside = ollama.resolve().parent.parent / "lib" / "ollama" / "llama-server"
        if beside.is_file():
            return beside, ""
        why = f"no llama-server beside {ollama}"
    found = find_llama_server()
    return (found, "") if found else (None, why)
