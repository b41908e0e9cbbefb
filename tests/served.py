"""`mkmodelfile serve` as a process of its own, for tests that ask it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

_READY = re.compile(r"^ready +(\S+) ", re.MULTILINE)
WAIT_SECONDS = 120  # of a busy machine; a micro model is loaded in a second


class Served:
    """A running `mkmodelfile serve`: url of its API, err: what it has written to stderr so far."""

    def __init__(self, *arguments: str | Path, environment: dict[str, str] | None = None) -> None:
        command = [sys.executable, "-m", "modelfile_kit", "serve", *map(str, arguments)]
        self.process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.err = ""
        self._told = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.err += line
            if _READY.search(self.err):
                self._told.set()
        self._told.set()

    @property
    def url(self) -> str:
        """Once it is ready; fails where it ended before."""
        self._told.wait(WAIT_SECONDS)
        found = _READY.search(self.err)
        assert found, f"not ready:\n{self.err}"
        return found[1]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ends it by a signal; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(WAIT_SECONDS)
        self._reader.join(WAIT_SECONDS)
        return code


def llama_servers(url: str) -> list[int]:
    """The processes that were told to listen on the port of this address."""
    port = url.removesuffix("/v1").rpartition(":")[2].encode()
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"--port" in words and words[words.index(b"--port") + 1] == port:
            found.append(int(file.parent.name))
    return found


def output_of(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A command line that has run to its end."""
    command = [sys.executable, "-m", "modelfile_kit", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600)
