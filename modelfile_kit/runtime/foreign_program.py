"""A program that is not ours, run to its end: told what it prints, and nothing of it is left afterwards."""

from __future__ import annotations

import codecs
import contextlib
import os
import queue
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BufferedReader
from typing import cast

from ..core.errors import UsageError
from ..core.os_errors import os_reason

GRACE_SECONDS = 5.0  # for a program that was asked to end, before it is killed
KEPT = 64 << 10  # characters of what it printed: enough for every message, bounded against endless chatter

# What ends a piece: a line end, a return, a control sequence of a terminal.
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\r\n]")
_SPINNER = re.compile("[\u2800-\u28ff]")  # Braille patterns: signs that turn while a program waits
_REMEMBERED = 64  # pieces; a terminal's frame that is drawn again has fewer lines


@dataclass(frozen=True)
class Finished:
    """How a program ended. returncode: as of `subprocess`; text: the end of what it printed, in lines."""

    returncode: int
    text: str


class SilentProgramError(Exception):
    """The program printed nothing new for longer than was borne; it has been ended."""


def run_program(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    on_piece: Callable[[str], object] = lambda piece: None,
    patience: float,
) -> Finished:
    """Runs a program and waits for it.

    environment: what is added to our own; on_piece: told each new piece of its output (a line, or what
    stands between control sequences of a terminal; lines that are only drawn again are left out);
    patience: seconds without a new piece that are borne.

    It gets no input and a process group of its own, so that whatever happens here (Ctrl-C, an error in
    `on_piece`) ends it with all it has started. Raises UsageError where it cannot be started,
    SilentProgramError where it falls silent.
    """
    child = _Child(command, environment or {})
    kept: list[str] = []
    size = 0
    try:
        child.start()
        while (piece := child.pieces.get(timeout=patience)) is not None:
            kept.append(piece)
            size += len(piece)
            while size > KEPT and len(kept) > 1:
                size -= len(kept.pop(0))
            on_piece(piece)
        return Finished(child.wait(patience), "\n".join(kept))
    except (queue.Empty, subprocess.TimeoutExpired):
        raise SilentProgramError from None
    finally:
        child.end()


class _Child:
    """The process and its reader.

    A thread of its own starts it: an interrupt is raised in the main thread alone, so it cannot come between
    the start and the moment from which somebody knows the process.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.pieces: queue.Queue[str | None] = queue.Queue()
        self._command = list(command)
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._error: OSError | ValueError | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Starts it; raises UsageError where that cannot be done."""
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            error = self._error
            reason = os_reason(error) if isinstance(error, OSError) else str(error)
            raise UsageError(
                f"{self._command[0]} cannot be started: {reason}", help="check its path and its rights"
            ) from error

    def wait(self, seconds: float) -> int:
        """Its return code, once it has one."""
        assert self._process is not None
        return self._process.wait(seconds)

    def end(self) -> None:
        """Ends it and what it has started, and reaps it; may be called whatever has happened."""
        if self._thread.ident is None:
            return
        self._started.wait()
        if self._process is not None:
            _end(self._process)
        self._thread.join(GRACE_SECONDS)

    def _work(self) -> None:
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
        except (OSError, ValueError) as e:
            self._error = e
            return
        finally:
            self._started.set()
        assert self._process.stdout is not None
        _read(cast("BufferedReader", self._process.stdout), self.pieces)


def _read(stream: BufferedReader, pieces: queue.Queue[str | None]) -> None:
    """Puts each new piece into the queue, None at the end."""
    rest = ""
    seen: dict[str, None] = {}

    def put(piece: str) -> None:
        text = _SPINNER.sub("", piece).strip()
        if not text or text in seen:
            return
        seen[text] = None
        if len(seen) > _REMEMBERED:
            del seen[next(iter(seen))]
        pieces.put(text)

    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with contextlib.suppress(ValueError, OSError), stream:
        while part := stream.read1(4096):
            *whole, rest = _CONTROL.split(rest + decoder.decode(part))
            for piece in whole:
                put(piece)
            rest = rest[-KEPT:]
    put(rest)
    pieces.put(None)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the program and what it has started, and reaps it."""
    for last in (False, True):
        if process.poll() is not None:
            return
        _signal(process, last=last)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    process.wait()


def _signal(process: subprocess.Popen[bytes], *, last: bool) -> None:
    if os.name == "nt":
        process.kill() if last else process.terminate()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL if last else signal.SIGTERM)
