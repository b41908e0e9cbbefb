"""The process that holds llama.cpp: what it is asked first, and what its failures mean."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.errors import EngineError, KitError, MissingDependencyError, UsageError
from ...sources.places import remote
from ..child_process import ChildProcess, start
from .faults import Failure, death, refusal, timed_out
from .header_file import header_alone
from .limits import VOCABULARY_BYTES, VOCABULARY_SECONDS, check_vocabulary, memory_for


class Child(ChildProcess):
    """A process that loads a GGUF into llama.cpp and answers requests about it.

    model, projector: the files, of a vocabulary also one that is not here yet; timeout: seconds that one
    request may take; vocab_only: load the vocabulary alone; n_ctx: tokens of the context that will be asked
    for. Memory and, for a vocabulary, processor time are bounded (`limits`); with layers on a GPU they are
    not, because its driver reserves what it likes. Raises MissingDependencyError where llama-cpp-python is
    not installed, UsageError where a file does not exist, EngineError where llama.cpp refuses a file or dies.
    """

    def __init__(
        self,
        model: str | Path,
        projector: str | Path | None = None,
        *,
        timeout: float,
        vocab_only: bool = True,
        gpu_layers: int = 0,
        n_ctx: int = 0,
    ) -> None:
        self.model = Path(model) if vocab_only and remote(model) else existing(model, "model")
        self.projector = existing(projector, "projector") if projector is not None else None
        require_llama_cpp()
        check_vocabulary(self.model)
        super().__init__(_start(), name=str(self.model), timeout=timeout)
        memory = VOCABULARY_BYTES if vocab_only else memory_for(self.model, self.projector, n_ctx)
        with header_alone(self.model) as file:
            self.info = self.prepare(
                {
                    "op": "open",
                    "model": str(file),
                    "vocab_only": vocab_only,
                    "gpu_layers": gpu_layers,
                    "memory": None if gpu_layers else memory,
                    "seconds": VOCABULARY_SECONDS if vocab_only else None,
                }
            )

    def timed_out(self, head: Mapping[str, Any], stderr: str) -> EngineError:
        """The error that names what llama.cpp was asked to do."""
        return timed_out(self.timeout, self._case(head, stderr))

    def died(self, returncode: int | None, head: Mapping[str, Any], stderr: str) -> EngineError:
        """The error with llama.cpp's own reason, as far as its stderr has one."""
        return death(returncode, self._case(head, stderr))

    def refused(self, answer: Mapping[str, Any], head: Mapping[str, Any], stderr: str) -> KitError:
        """The error for a file that llama.cpp does not take, or for a broken llama-cpp-python."""
        what = str(answer["error"])
        if answer.get("kind") == "import":
            return missing_llama_cpp(what)
        return refusal(what, self._case(head, stderr))

    def _case(self, head: Mapping[str, Any], stderr: str) -> Failure:
        return Failure(head["op"], stderr, self.model, self.projector)


def existing(path: str | Path, what: str) -> Path:
    """The path, if there is a file; UsageError that names it otherwise."""
    found = Path(path)
    if found.is_file():
        return found
    state = "is a folder" if found.is_dir() else "does not exist"
    raise UsageError(f"{found}: the {what} {state}, expected a GGUF file", help="check the path")


def require_llama_cpp(*, server_does: bool = False) -> None:
    """Raises MissingDependencyError, with how to get it, where llama-cpp-python is not installed.

    server_does: whether the caller would take a llama-server in its place, which was not found either.
    """
    if importlib.util.find_spec("llama_cpp") is None:
        also = ", and no llama-server was found" if server_does else ""
        raise missing_llama_cpp(f"llama-cpp-python is not installed{also}", server_does=server_does)


def missing_llama_cpp(why: str, *, server_does: bool = False) -> MissingDependencyError:
    """The one text about the extra `align`; server_does: as of `require_llama_cpp`."""
    instead = ""
    if server_does:
        instead = (
            ", or install Ollama 0.30 or later, whose llama-server does as well "
            "(MKMODELFILE_LLAMA_SERVER names one elsewhere)"
        )
    return MissingDependencyError(
        f"{why}; tokens and the embedded engine need {'one of them' if server_does else 'it'}",
        help=f'pip install "modelfile-kit[align]" (it builds llama.cpp: a C++ compiler and minutes){instead}',
    )


def _start() -> subprocess.Popen[bytes]:
    # without the variable an abort starts a debugger
    return start("modelfile_kit.runtime.llama_cpp.worker", {"GGML_NO_BACKTRACE": "1"})
