"""llama.cpp as it is here: by llama-cpp-python, else by a llama-server that is found on this machine.

The order is what it is because llama-cpp-python is installed for this, and answers many texts in one request.
Both are llama.cpp; each says its name (`engine`), for reports.
"""

from __future__ import annotations

from pathlib import Path

from ..core.extras import installed
from .llama_cpp.child import require_llama_cpp
from .llama_cpp.engine import EmbeddedEngine
from .llama_server import find_llama_server
from .server_engine import ServerEngine
from .server_tokenizer import ServerTokenizer
from .tokenizer import LlamaTokenizer

LocalTokenizer = LlamaTokenizer | ServerTokenizer
LocalEngine = EmbeddedEngine | ServerEngine


def open_tokenizer(model: str | Path, *, timeout: float = 60.0) -> LocalTokenizer:
    """The tokenizer of a model's own vocabulary, to be closed.

    model: a GGUF file; timeout: seconds that one request to llama-cpp-python may take.
    Raises MissingDependencyError where there is no llama.cpp at all, and as the two do.
    """
    if program := server_instead():
        return ServerTokenizer(model, program)
    return LlamaTokenizer(model, timeout=timeout)


def open_engine(model: str | Path, projector: str | Path, *, timeout: float = 300.0) -> LocalEngine:
    """A model with its projector, to be closed. timeout: seconds that loading or one answer may take.

    Raises as `open_tokenizer` does.
    """
    if program := server_instead():
        return ServerEngine(Path(model), Path(projector), program, timeout=timeout)
    return EmbeddedEngine(model, projector, timeout=timeout)


def server_instead() -> Path | None:
    """The llama-server that takes the place of llama-cpp-python; None where that is installed.

    Raises MissingDependencyError where there is neither.
    """
    if installed("llama_cpp"):
        return None
    program = find_llama_server()
    if program is None:
        require_llama_cpp(server_does=True)
    return program
