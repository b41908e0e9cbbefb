"""The `ollama` command: where it is, and a create that it runs instead of us."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from ...core.errors import MissingDependencyError, ServerError, UsageError
from ...core.urls import is_loopback
from .. import error_texts
from ..foreign_program import Finished, SilentProgramError, run_program
from .replies import RefusedError

FAILED = "MK815"
_UNKNOWN = "the server's log may say more (`ollama serve`, or journalctl -u ollama), or try `--by api`"
# Where the installers of Ollama put it; the folders are not always on the PATH of a service or an editor.
_PLACES = (
    "/usr/local/bin/ollama",
    "/usr/bin/ollama",
    "/opt/homebrew/bin/ollama",
    "/Applications/Ollama.app/Contents/Resources/ollama",
    "~/AppData/Local/Programs/Ollama/ollama.exe",
)
_LISTENS = "0A"  # the state of a listening socket in /proc/net/tcp (Linux, include/net/tcp_states.h)
_COPIED = re.compile(r"copying file (sha256:[0-9a-f]{64}) (\d{1,3})%")
_ERROR = re.compile(r"^Error: *", re.MULTILINE)

# A status in the program's own words; how much in percent, -1 where it gives none; a file's digest or "".
Told = Callable[[str, int, str], object]


def find_ollama_command(url: str, given: str | None = None) -> tuple[str, ...]:
    """The command line that is `ollama`.

    url: of the server; given: what the user named, a program with or without words before it, such as
    `docker exec -i ollama ollama`. Without it: the program that serves `url` on this machine (Linux), one on
    PATH, one where the installers put it.
    Raises UsageError for a command that does not exist, MissingDependencyError where there is none.
    """
    if given is not None:
        return _given(given)
    found = _program_behind(url) or shutil.which("ollama")
    for place in (found, *_PLACES):
        if place and Path(place).expanduser().is_file():
            return (str(Path(place).expanduser()),)
    raise MissingDependencyError(
        "the `ollama` program was not found: not on PATH and not where its installers put it",
        help='name it with --ollama-command PATH (or "docker exec CONTAINER ollama"), or use `--by api`, '
        "which needs no program",
    )


def _given(command: str) -> tuple[str, ...]:
    try:
        words = shlex.split(command, posix=os.name != "nt")
    except ValueError as e:
        raise UsageError(
            f"--ollama-command {command!r} cannot be split into words: {e}", help="close every quotation mark"
        ) from e
    if not words:
        raise UsageError("--ollama-command is empty", help="give a program, such as /usr/local/bin/ollama")
    if shutil.which(words[0]) is None:
        raise UsageError(
            f"--ollama-command begins with {words[0]!r}, which is no program that can be run",
            help="give its full path, or put its folder on PATH",
        )
    return tuple(words)


def _program_behind(url: str) -> str | None:
    """The program of the process that listens at the server's port on this machine; Linux says which."""
    if sys.platform != "linux" or not is_loopback(url):
        return None
    port = urlsplit(url).port
    with contextlib.suppress(OSError, ValueError):
        sockets = {f"socket:[{inode}]" for inode in _listening(port or 0)}
        for process in Path("/proc").iterdir():
            if sockets and process.name.isdigit() and _holds(process, sockets):
                program = (process / "exe").readlink()
                return str(program) if program.name == "ollama" else None
    return None


def _listening(port: int) -> list[str]:
    """The inodes of the sockets that listen at a port."""
    found = []
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path("/proc/net", table).read_text(encoding="ascii").splitlines()[1:]:
                parts = line.split()
                if parts[3] == _LISTENS and int(parts[1].rpartition(":")[2], 16) == port:
                    found.append(parts[9])
    return found


def _holds(process: Path, sockets: set[str]) -> bool:
    """Whether a process has one of these open; False for another user's, which may not be looked at."""
    with contextlib.suppress(OSError):
        return any(_target(file) in sockets for file in (process / "fd").iterdir())
    return False


def _target(file: Path) -> str:
    with contextlib.suppress(OSError):
        return str(file.readlink())
    return ""


class OllamaProgram:
    """The `ollama` command, talking to one server.

    command: the words before `create`; url: of the server, given to it as OLLAMA_HOST; patience: seconds
    without a new word of it that are borne.
    """

    def __init__(self, command: Sequence[str], url: str, *, patience: float) -> None:
        self.command = tuple(command)
        self.url = url
        self.patience = patience

    def create_line(self, name: str, modelfile: Path, quantize: str | None = None) -> tuple[str, ...]:
        """The command line that creates a model."""
        more = ("--quantize", quantize) if quantize else ()
        return (*self.command, "create", name, "-f", str(modelfile), *more)

    def create(
        self, name: str, modelfile: Path, *, quantize: str | None = None, told: Told = lambda *_: None
    ) -> None:
        """Runs `ollama create` to its end; told gets each status it prints.

        Raises RefusedError with its own error text, ServerError (MK803) where it falls silent, UsageError
        where it cannot be started. It is ended with whatever it started if anything goes wrong here.
        """

        def piece(text: str) -> None:
            copied = _COPIED.search(text)
            if copied:
                told(text, int(copied[2]), copied[1])
            elif not _ERROR.match(text):
                told(text, -1, "")

        done = self._run(self.create_line(name, modelfile, quantize), piece)
        if done.returncode:
            raise self._refusal(done)

    def remove(self, name: str) -> None:
        """Runs `ollama rm`; what it says does not matter."""
        with contextlib.suppress(ServerError, UsageError):
            self._run((*self.command, "rm", name), lambda _: None)

    def _run(self, line: Sequence[str], on_piece: Callable[[str], object]) -> Finished:
        try:
            return run_program(
                line, environment={"OLLAMA_HOST": self.url}, on_piece=on_piece, patience=self.patience
            )
        except SilentProgramError:
            raise ServerError(
                f"`{shlex.join(line[:-1])} …` said nothing new for {self.patience:g} s, and was ended",
                help="the server may hang: look at its log (`ollama serve`, journalctl -u ollama), then try "
                "again",
                code="MK803",
            ) from None

    def _refusal(self, done: Finished) -> RefusedError:
        said = _said(done.text)
        known = error_texts.reason(said)
        ended = f"ended with {done.returncode}" if done.returncode > 0 else f"was killed ({-done.returncode})"
        return RefusedError(
            f"`{shlex.join(self.command)} create` {ended}: {said or 'it gives no reason'}"
            + (f" ({known.meaning})" if known else ""),
            detail=said,
            status=None,
            help=known.step if known else _UNKNOWN,
            code=known.code if known else FAILED,
        )


def _said(text: str) -> str:
    """The program's error: what follows its last `Error:`, else its last line."""
    *_, last = _ERROR.split(text)
    if _ERROR.search(text):
        return " ".join(last.split())
    return text.splitlines()[-1] if text else ""
