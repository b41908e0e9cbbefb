"""Which program can serve a package: llama-server, or else llama-cpp-python's own server.

A program is asked for its version and its options (`--help`) before it is started, because llama-server gains
and loses options from week to week and refuses to start with one that it does not know.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..core.errors import EngineError, MissingDependencyError, UsageError
from ..core.os_errors import os_reason
from ..runtime.llama_server import PROGRAM_VARIABLE, find_llama_server, program_version

LLAMA_SERVER = "llama-server"
PYTHON_SERVER = "llama-cpp-python"
HELP_SECONDS = 60.0  # Python's server imports FastAPI first; a busy machine takes its time

# What `python -m llama_cpp.server` imports (llama_cpp/server/app.py).
PYTHON_NEEDS = ("llama_cpp", "uvicorn", "fastapi", "sse_starlette", "pydantic_settings", "starlette_context")
_FLAG = re.compile(r"(?<![\w-])--?[a-zA-Z][\w.-]*")
_GET_ONE = (
    "install Ollama 0.30 or later (it brings llama-server) or llama.cpp, name the program by --llama-server "
    'PATH, or `pip install "modelfile-kit[serve]"` for llama-cpp-python\'s own server'
)


@dataclass(frozen=True)
class Program:
    """A program that serves GGUF files.

    kind: "llama-server" or "llama-cpp-python"; command: what starts it; found: where it was found, for
    people; version: as it names it, "" if it does not say.
    """

    kind: str
    command: tuple[str, ...]
    found: str
    version: str

    def __str__(self) -> str:
        return f"{self.kind} {self.version}".strip() + f" ({self.found})"

    @cached_property
    def options(self) -> frozenset[str]:
        """The options that its --help names. Raises EngineError where it does not run."""
        return frozenset(_options(_output(self.command, "--help")))

    def has_gpu(self) -> bool | None:
        """Whether it sees a GPU; None where it does not say."""
        if self.kind != LLAMA_SERVER or "--list-devices" not in self.options:
            return None
        _, _, devices = _output(self.command, "--list-devices").partition("Available devices:")
        lines = [line.strip() for line in devices.splitlines() if line.strip()]
        return any(line != "(none)" for line in lines)


def find_program(given: Path | None = None) -> Program:
    """The program that serves: the given one, Ollama's llama-server, one on PATH, or Python's.

    Raises UsageError for a given path that is no file, MissingDependencyError where there is none.
    """
    if given is not None:
        if not given.is_file():
            raise UsageError(
                f"--llama-server is {given}: file not found", help="give the path of the llama-server program"
            )
        return _llama_server(given.absolute(), "named by --llama-server")
    path = find_llama_server()
    if path is not None:
        if os.environ.get(PROGRAM_VARIABLE):
            where = f"named by {PROGRAM_VARIABLE}"
        else:
            where = "Ollama's own" if _beside_ollama(path) else "found on PATH"
        return _llama_server(path.absolute(), f"{where}: {path}")
    if all(importlib.util.find_spec(name) for name in PYTHON_NEEDS):
        found = ""
        with contextlib.suppress(PackageNotFoundError):
            found = version("llama-cpp-python")
        command = (sys.executable, "-m", "llama_cpp.server")
        return Program(PYTHON_SERVER, command, "no llama-server was found", found)
    raise MissingDependencyError("llama-server was not found on this machine", help=_GET_ONE)


def _llama_server(path: Path, found: str) -> Program:
    return Program(LLAMA_SERVER, (str(path),), found, program_version(path))


def _beside_ollama(path: Path) -> bool:
    return path.parent.name == "ollama" or (path.parent / "ollama").is_file()


def _output(command: Sequence[str], *arguments: str) -> str:
    try:
        done = subprocess.run(
            [*command, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=HELP_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError) as e:
        reason = os_reason(e) if isinstance(e, OSError) else str(e)
        raise EngineError(
            f"{command[0]} cannot be started: {reason}", help="name another one by --llama-server PATH"
        ) from e
    if done.returncode and not done.stdout:
        words = done.stderr.strip().splitlines()
        raise EngineError(
            f"{command[0]} {' '.join(arguments)} failed{f': {words[-1][:200]}' if words else ''}",
            help="check that this program runs at all, or name another one by --llama-server PATH",
            stderr=done.stderr,
        )
    return done.stdout + done.stderr


def _options(text: str) -> list[str]:
    """The options at the beginnings of a help's lines, without those in the explanations."""
    found = []
    for line in text.splitlines():
        head = re.split(r"(?<!\s)\s{2,}(?=[^-\s])", line.strip(), maxsplit=1)[0]
        if head.startswith(("-", "[-")) or "[--" in line:
            found += _FLAG.findall(line if "[--" in line else head)
    return found
