"""Checks everything that the kit needs: what is installed, what is missing, and the command that gets it.

A part that only some commands need is skipped where it is missing; a part that is there and does not work
fails. Nothing is changed, and nothing is sent but the question for the server's version.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import operator
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..core.cache import kit_cache
from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import KitError, ServerError
from ..core.os_errors import os_reason
from ..core.version import __version__
from ..micro import build_pair
from ..ollama.versions import SINCE, Target, llama_cpp_build, server_version
from ..package.families import list_families
from ..report.model import Case, Status
from ..runtime.llama_server import find_llama_server
from ..runtime.ollama.client import OllamaServer
from ..runtime.tokenizer import LlamaTokenizer

MISSING, BROKEN = "MK902", "MK905"
OLDEST_PYTHON = (3, 10)
# Loading llama.cpp takes a second; a machine under load more. Longer is a hang.
LOAD_SECONDS = 60.0
# What the kit makes use of and an old server lacks (rows of `ollama.versions.SINCE`).
_FEATURES = ("range_int", "debug_render", "native_jinja")
_INSTALL_OLLAMA = "get it from https://ollama.com/download"
_PYTHON_VERSION = re.compile(r"python_version\s*(<=|>=|<|>|==|!=)\s*['\"](\d+)\.(\d+)['\"]")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def examine(host: str | None = None) -> tuple[Case, ...]:
    """One case for each part of the environment.

    host: the Ollama server, as for `mkmodelfile publish`; None takes OLLAMA_HOST, else this machine.
    """
    checks: tuple[tuple[str, Callable[[], Case]], ...] = (
        ("Python", _python),
        ("modelfile-kit", _packages),
        ("families", _families),
        ("cache", _cache),
        ("llama.cpp", _llama_cpp),
        ("Ollama program", _ollama_program),
        ("Ollama server", lambda: _ollama_server(host)),
        ("llama-server", _llama_server),
        ("Go", _go),
    )
    return tuple(_safely(name, check) for name, check in checks)


def _safely(name: str, check: Callable[[], Case]) -> Case:
    """What a check raises is its finding: one broken part must not hide the others."""
    try:
        return check()
    except KitError as error:
        return Case(name, Status.FAILED, "does not work", diagnostics=(error.to_diagnostic(),))
    except Exception as error:
        return _broken(name, f"{type(error).__name__}: {error}", "reinstall it")


def _fine(name: str, summary: str) -> Case:
    return Case(name, Status.PASSED, summary)


def _broken(name: str, message: str, help: str) -> Case:
    found = Diagnostic(BROKEN, Severity.ERROR, f"{name}: {message}", help=help)
    return Case(name, Status.FAILED, "does not work", diagnostics=(found,))


def _missing(name: str, needed_for: str, help: str) -> Case:
    """Only a note, since not everybody needs it."""
    found = Diagnostic(MISSING, Severity.INFO, f"{name} was not found; {needed_for}", help=help)
    return Case(name, Status.SKIPPED, "not found", diagnostics=(found,))


def _python() -> Case:
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return _broken(
            "Python", f"{sys.version.split()[0]}, expected {oldest} or later", "install a newer one"
        )
    return _fine("Python", f"{sys.version.split()[0]} ({sys.executable})")


def _packages() -> Case:
    try:
        required = importlib.metadata.requires("modelfile-kit") or []
    except importlib.metadata.PackageNotFoundError:
        return _fine("modelfile-kit", f"{__version__}, used without being installed")
    absent = [name for name in _names(required) if not _installed(name)]
    if absent:
        return _broken(
            "modelfile-kit", f"needs {', '.join(absent)}, not installed", f"pip install {' '.join(absent)}"
        )
    return _fine("modelfile-kit", f"{__version__} with all its dependencies")


def _names(required: list[str], python: tuple[int, int] = sys.version_info[:2]) -> Iterator[str]:
    """The packages that are needed in any case. required: lines as of pip; python: the version asked for."""
    for line in required:
        match = re.match(r"[\w.-]+", line)
        if match and "extra ==" not in line and _is_for(line, python):
            yield match[0]


def _is_for(line: str, python: tuple[int, int]) -> bool:
    """Whether a requirement holds for a version of Python, which is all that ours are tied to."""
    found = _PYTHON_VERSION.search(line)
    if found is None:
        return True
    return _COMPARE[found[1]](python, (int(found[2]), int(found[3])))


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _families() -> Case:
    return _fine("families", ", ".join(f.id for f in list_families()))


def _cache() -> Case:
    folder = kit_cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        hint = f"make {folder} writable, or name another folder in XDG_CACHE_HOME"
        return _broken("cache", f"{folder} cannot be written: {os_reason(error)}", hint)
    return _fine("cache", str(folder))


def _llama_cpp() -> Case:
    if importlib.util.find_spec("llama_cpp") is None:
        hint = 'pip install "modelfile-kit[align]"'
        if not any(map(shutil.which, ("c++", "g++", "clang++", "cl"))):
            hint += " after a C++ compiler (apt-get install g++, xcode-select --install, or Visual Studio)"
        with contextlib.suppress(KitError):  # a wrong name of one is said of llama-server itself
            if program := find_llama_server():
                return _fine("llama.cpp", f"without llama-cpp-python; {program} tells tokens and answers")
        return _missing(
            "llama.cpp", "`check`, `test` and `demo` need it, or a llama-server, for tokens", hint
        )

    with tempfile.TemporaryDirectory(prefix="mkmodelfile-") as folder:
        model = build_pair(Path(folder)).model
        with LlamaTokenizer(model, timeout=LOAD_SECONDS) as tokenizer:
            tokens = tokenizer.tokenize("red")
    version = importlib.metadata.version("llama-cpp-python")
    if not tokens:
        return _broken("llama.cpp", f"llama-cpp-python {version} cannot tokenize", "reinstall it")
    return _fine("llama.cpp", f"llama-cpp-python {version}, loads in a child process")


def _ollama_program() -> Case:
    found = shutil.which("ollama")
    if not found:
        return _missing(
            "Ollama program", "`ollama run` and a server on this machine need it", _INSTALL_OLLAMA
        )
    return _fine("Ollama program", found)


def _ollama_server(host: str | None) -> Case:
    name = "Ollama server"
    try:
        with OllamaServer(host) as server:
            url, version = server.url, server.version()
    except ServerError:
        if host or os.environ.get("OLLAMA_HOST"):
            raise  # somebody said that there is one
        hint = "ollama serve" if shutil.which("ollama") else f"{_INSTALL_OLLAMA}, then `ollama serve`"
        return _missing(name, "publish and verify need one", hint)
    release = server_version(version)
    lacks = [SINCE[f].what for f in _FEATURES if not Target(release).has(f)]
    build = llama_cpp_build(release)
    place = f"{version} at {url}" + (f" (llama.cpp {build})" if build else "")
    if lacks:
        hint = f"update Ollama; until then, build with --target {version}"
        found = Diagnostic(
            BROKEN, Severity.WARNING, f"Ollama {version} does not have: {'; '.join(lacks)}", help=hint
        )
        return Case(name, Status.PASSED, place, diagnostics=(found,))
    return _fine(name, place)


def _llama_server() -> Case:
    found = find_llama_server()
    if found is None:
        needed_for = "`serve` needs it, and `check` of a package with `mode: native` without an Ollama server"
        hint = "it comes with Ollama 0.30 and with llama.cpp; MKMODELFILE_LLAMA_SERVER names one elsewhere"
        return _missing("llama-server", needed_for, hint)
    return _fine("llama-server", str(found))


def _go() -> Case:
    found = shutil.which("go")
    if not found:
        return Case("Go", Status.SKIPPED, "not found; only the kit's own tests use it")
    return _fine("Go", f"{found} (only the kit's own tests use it)")
