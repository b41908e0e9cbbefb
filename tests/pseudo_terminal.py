"""A command on a pseudo-terminal: what it writes there, piece by piece."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path


class OnTerminal:
    """Starts `python ARGUMENTS` with all three streams on a terminal.

    environment: beside PYTHONPATH; columns: of the terminal, 0 for what the system gives.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        cwd: Path | None = None,
        columns: int = 0,
    ) -> None:
        self._master, slave = pty.openpty()
        if columns:
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={**environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        os.close(slave)

    def pieces(self) -> Iterator[bytes]:
        """What it writes, until its end."""
        while True:
            try:
                part = os.read(self._master, 65536)
            except OSError:  # Linux's way to say that the other end is closed
                break
            if not part:
                break
            yield part
        os.close(self._master)

    def type(self, text: str) -> None:
        """Types a line."""
        os.write(self._master, f"{text}\n".encode())

    def wait(self) -> int:
        """Its exit code."""
        return self._process.wait(timeout=60)
