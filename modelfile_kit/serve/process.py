"""Runs the program that serves a package: started, awaited, explained when it dies, and ended for certain."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FrameType
from typing import IO, Any

from ..core.errors import EngineError, ServerError
from ..core.http_client import open_client
from ..core.os_errors import os_reason
from ..runtime.error_texts import AMX_STEP, reason

ENDED = "MK886"
PORT_IN_USE = "MK866"

LOAD_SECONDS = 900.0  # a large model on a slow disk; a template may never end in llama.cpp's Jinja engine
GRACE_SECONDS = 5.0  # for a process that was asked to end, before it is killed
POLL_SECONDS = 0.05
LINES_KEPT = 400  # of its log, for an explanation
LINES_SHOWN = 8

# Words of llama.cpp's log lines that speak of a failure.
_TELLING = ("error", "fail", "abort", "assert", "invalid", "exception", "unable", "couldn't", "cannot")
# A line of the usual course, of llama-server with and without time stamps, and of llama-cpp-python's server.
_USUAL = re.compile(r"(?:[\d.]+ I |INFO\b|srv +|slot +)")
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Stopper:
    """SIGINT, SIGTERM and SIGHUP as something to be asked, while it is entered; an ignored SIGHUP stays so.

    interrupts: each is a KeyboardInterrupt too, for work that does not ask. asked: which signal came first,
    None for none; times: how many came.
    """

    def __init__(self, *, interrupts: bool = False) -> None:
        self.interrupts = interrupts
        self.asked: signal.Signals | None = None
        self.times = 0
        self._event = threading.Event()
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Stopper:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is None or (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
                continue  # Windows has none; under nohup the end of the terminal is no end
            # Also where a shell starts background jobs with SIGINT ignored: who sends it means it.
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.asked = self.asked or signal.Signals(number)
        self.times += 1
        self._event.set()
        if self.interrupts:
            raise KeyboardInterrupt

    def wait(self, seconds: float) -> bool:
        """Waits so long at most; whether a signal came, now or before."""
        return self._event.wait(seconds)


class ServerProcess:
    """A running server.

    words: its command line; environment: what is added to this process's own; name: what it is called in
    messages; on_line: is told each line of its log. Use it as a context manager: at its end nothing of the
    server is left running. Raises EngineError where it cannot be started.
    """

    def __init__(
        self,
        words: Sequence[str],
        environment: dict[str, str] | None = None,
        *,
        name: str,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self._lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._served = False
        try:
            self._process = subprocess.Popen(
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                # Ctrl-C of a terminal goes to this process alone, which then ends the server in order.
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        except OSError as e:
            raise EngineError(
                f"{words[0]} cannot be started: {os_reason(e)}",
                help="name another program by --llama-server PATH",
            ) from e
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout, on_line), daemon=True, name="server log"
        )
        self._reader.start()

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def pid(self) -> int:
        """Of the server, which is also its process group."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """The end of what it wrote."""
        return "\n".join(self._lines)

    def last_lines(self) -> list[str]:
        """The lines of its log that speak of a failure, else the last ones."""
        return _telling(self._lines)

    def wait_ready(
        self, url: str, stopper: Stopper | None = None, *, seconds: float = LOAD_SECONDS, key: str = ""
    ) -> bool:
        """Waits until the address answers with 200; False where a signal came before.

        Raises EngineError where the server ends, or does not answer in time.
        """
        import httpx

        end = time.monotonic() + seconds
        with open_client(url, silence=5.0, key=key, trusting=True, lines=True) as http:
            while time.monotonic() < end:
                if not self.running:
                    raise self.died("while it loaded the model")
                with contextlib.suppress(httpx.TransportError):
                    if http.get(url).status_code == 200:
                        # an answer can be another program's, which has the port
                        if self.running:
                            self._served = True
                            return True
                        continue
                if stopper is None:
                    time.sleep(POLL_SECONDS)
                elif stopper.wait(POLL_SECONDS):
                    return False
        raise EngineError(
            f"{self.name} did not become ready within {seconds:g} s",
            help="its log (-v) says how far it came; a chat template may never end in its Jinja engine",
            stderr=self.log,
            code=ENDED,
        )

    def wait(self, stopper: Stopper) -> None:
        """Returns when a signal came. Raises EngineError where the server ends by itself."""
        while not stopper.wait(POLL_SECONDS * 4):
            if not self.running:
                raise self.died("while it served")

    def died(self, when: str) -> EngineError:
        """The error for a server that ended on its own, with the reason out of its log."""
        self._reader.join(GRACE_SECONDS)
        how = _how(self._process.returncode)
        words = self._last_words()
        known = reason("\n".join(words))
        if known is not None:
            return EngineError(
                f"{self.name} ended {when} ({how}): {known.meaning}",
                help=known.step,
                stderr=self.log,
                code=known.code,
            )
        last = _telling(words)
        crashed = self._process.returncode == -signal.SIGSEGV
        return EngineError(
            f"{self.name} ended {when} ({how})" + (f": {last[-1].strip()[:300]}" if last else ""),
            help="run it again with -v to see its whole log, and `mkmodelfile inspect` on the files"
            + (f"; {AMX_STEP}" if crashed else ""),
            stderr=self.log,
            code=ENDED,
        )

    def _last_words(self) -> list[str]:
        """What of its log can be the reason of its end.

        Once it served, that is what follows the last line of its usual course: what is before is of requests
        that it outlived. Who is killed says nothing any more.
        """
        lines = list(self._lines)
        if not self._served:
            return lines
        if self._process.returncode == -getattr(signal, "SIGKILL", 9):
            return []
        usual = [number for number, line in enumerate(lines) if _USUAL.match(line)]
        return lines[usual[-1] + 1 :] if usual else lines

    def end(self, stopper: Stopper | None = None) -> None:
        """Ends it and everything that it started; a second signal does not wait. May be called twice."""
        before = stopper.times if stopper else 0
        self._signal(signal.SIGTERM)
        end = time.monotonic() + GRACE_SECONDS
        while self.running and time.monotonic() < end:
            if stopper and stopper.times > before:
                break
            time.sleep(POLL_SECONDS / 5)
        self._signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS)
        self._reader.join(GRACE_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(self._process.pid, number)
            elif self.running:
                self._process.terminate()

    def _read(self, stream: IO[bytes], on_line: Callable[[str], None] | None) -> None:
        with contextlib.suppress(OSError, ValueError), stream:
            for raw in stream:
                line = raw.decode("utf-8", "replace").rstrip()
                self._lines.append(line)
                if on_line:
                    on_line(line)


def _telling(log: Iterable[str]) -> list[str]:
    """The lines that speak of a failure, else the last ones."""
    lines = [line for line in log if line.strip()]
    telling = [line for line in lines if any(word in line.lower() for word in _TELLING)]
    return (telling or lines)[-LINES_SHOWN:]


def check_port(host: str, port: int) -> None:
    """Raises ServerError where another program listens there, or the address is not this machine's."""
    for family, kind, proto, _, address in _addresses(host, port):
        with contextlib.closing(socket.socket(family, kind, proto)) as s:
            if os.name == "posix":
                # As servers do: connections that have only just closed do not keep the port.
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(address)
                s.listen(1)
            except OSError as e:
                raise _no_port(host, port, e) from e


def free_port(host: str) -> int:
    """A port that is free at this address."""
    for family, kind, proto, _, address in _addresses(host, 0):
        with contextlib.closing(socket.socket(family, kind, proto)) as s:
            try:
                s.bind(address)
            except OSError as e:
                raise _no_port(host, 0, e) from e
            return int(s.getsockname()[1])
    raise AssertionError("getaddrinfo gives one address at least")


def _addresses(host: str, port: int) -> Iterator[Any]:
    try:
        yield from socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[:1]
    except OSError as e:
        raise ServerError(
            f"--host {host} is no address of this machine: {os_reason(e)}",
            help="write 127.0.0.1 for this machine alone, 0.0.0.0 for every network",
            code=PORT_IN_USE,
        ) from e


def _no_port(host: str, port: int, error: OSError) -> ServerError:
    if error.errno == errno.EADDRINUSE:
        return ServerError(
            f"another program listens on {host}:{port}",
            help="stop it, or choose another port with --port (0 takes a free one)",
            code=PORT_IN_USE,
        )
    rights = "; ports below 1024 need special rights" if 0 < port < 1024 else ""
    return ServerError(
        f"nothing can listen on {host}{f':{port}' if port else ''}: {os_reason(error)}",
        help=f"choose another --host (127.0.0.1 is this machine alone) or --port{rights}",
        code=PORT_IN_USE,
    )


def _how(returncode: int | None) -> str:
    if returncode is None or returncode >= 0:
        return f"exit status {returncode}"
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = f"signal {-returncode}"
    more = {"SIGKILL": ", most often because memory ran out", "SIGILL": ", built for another processor"}
    return f"killed by {name}{more.get(name, '')}"


def _die_with_parent() -> None:
    """Has the kernel end the server where this process is killed and cannot do it itself."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
