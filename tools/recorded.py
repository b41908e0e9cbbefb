"""Pages with recorded output: `python -m tools.recorded [PAGE…]` types the commands.

In a block of the language `console`, a line that begins with `$ ` is a command, and what stands below it is
its output at a terminal of `COLUMNS` columns. All commands of a page run in one empty folder, in the order of
the page. A line `<!-- typed: COMMAND -->` is typed too, unseen by readers: the page tells it in words.
`<!-- recorded with an Ollama server -->` says that OLLAMA_HOST has to name one.

Tests run the same and fail where a page shows something else (tests/docs, tests/integration).
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator, Mapping
from pathlib import Path

from modelfile_kit.cli.progress import MARK

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = 96
SHELL = "/bin/sh"
NEEDS_SERVER = "<!-- recorded with an Ollama server -->"
PAGES = ("README.md", "README.zh-CN.md", "docs/index.md", "docs/tutorial.md")
# Where the folder of a recording lies for readers, and where their server is.
HOME, SERVER = "/home/me", "http://127.0.0.1:11434"

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TYPED = re.compile(r"^<!-- typed: (.*) -->$", re.MULTILINE)
# What another release or another machine shows otherwise.
_VARYING = (
    (re.compile(r"Ollama \d+\.\d+\.\d+"), "Ollama X"),
    (re.compile(r"(mkmodelfile|modelfile-kit) \d+\.\d+[\w.+]*"), r"\1 X"),
    (re.compile(r"\b\d+(\.\d+)? (ms|s)\b"), "N s"),
    # what a server has already is not uploaded
    (re.compile(r"^dry run: .*$", re.MULTILINE), "dry run"),
    (re.compile(r"uploaded \d+\.\d MB"), "uploaded N MB"),
    (re.compile(r"(to upload|the server has it) +│"), "sent or there │"),
)


def needs_server(text: str) -> bool:
    """Whether the commands of a page need an Ollama server."""
    return NEEDS_SERVER in text


def is_recorded(text: str) -> bool:
    """Whether a page has commands."""
    return _BLOCK.search(text) is not None


def recorded(text: str, server: str = "") -> str:
    """The page with what its commands show now. server: the URL of an Ollama server."""
    with tempfile.TemporaryDirectory(prefix="recorded-") as folder:
        typist = Typist(Path(folder).resolve(), server)
        pieces: list[str] = []
        at = 0
        for found in sorted([*_BLOCK.finditer(text), *_TYPED.finditer(text)], key=lambda m: m.start()):
            pieces.append(text[at : found.start()])
            if found.re is _TYPED:
                typist.types(found[1])
                pieces.append(found[0])
            else:
                shown = "".join(f"$ {line}\n{typist.types(line)}" for line in commands_in(found[1]))
                pieces.append(f"```console\n{shown}```")
            at = found.end()
    return "".join([*pieces, text[at:]])


def commands_in(block: str) -> Iterator[str]:
    """The commands of a block."""
    for line in block.splitlines():
        if line.startswith("$ "):
            yield line[2:]


def steady(text: str) -> str:
    """The page without what differs between releases and machines, for a comparison."""
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return text


class Typist:
    """Who types: in a folder that is their home, at a terminal without colours."""

    def __init__(self, home: Path, server: str) -> None:
        self._home, self._server, self._here = home, server, home / "work"
        self._here.mkdir()
        programs = home / "programs"
        programs.mkdir()
        known = {"mkmodelfile": f'"{sys.executable}" -m modelfile_kit', "python": f'"{sys.executable}"'}
        if os.environ.get("OLLAMA_BIN"):
            known["ollama"] = f'"{os.environ["OLLAMA_BIN"]}"'
        for name, words in known.items():
            (programs / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
            (programs / name).chmod(0o755)
        left_out = ("CI", "COLUMNS", "LINES", "FORCE_COLOR", "OLLAMA_HOST")
        self._environment = {k: v for k, v in os.environ.items() if k not in left_out} | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "TERM": "xterm",
            "NO_COLOR": "1",
            "NO_PROXY": "127.0.0.1",
            "OLLAMA_HOST": server or "127.0.0.1:9",  # where nobody answers
        }

    def types(self, command: str) -> str:
        """What a command shows, as readers would see it; `cd` counts for those that follow."""
        if command.startswith("cd "):
            self._here = (self._here / command[3:]).resolve()
            return ""
        if command.startswith("ollama "):  # draws a waiting mark on a terminal
            done = subprocess.run(
                [SHELL, "-c", command],
                cwd=self._here,
                env=self._environment,
                capture_output=True,
                timeout=600,
            )
            shown = done.stdout.decode()
        else:
            shown = at_terminal(command, self._here, self._environment)
        shown = shown.replace("\r\n", "\n").replace(str(self._here), ".").replace(str(self._home), HOME)
        shown = shown.replace(self._server, SERVER) if self._server else shown
        # how long a slow machine takes is no part of the page
        lines = [_edged(line) for line in shown.strip("\n").split("\n") if not line.startswith(MARK)]
        return "".join(f"{line}\n" for line in lines) if any(lines) else ""


def _edged(line: str) -> str:
    """A line as a reader's terminal shows it: the edge of a panel is where their address puts it."""
    if not line.startswith("│"):
        return line.rstrip()
    return f"{line.rstrip('│ '):<{COLUMNS - 1}}│"


def at_terminal(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    """What a command line writes to a terminal of its own."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [SHELL, "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        cwd=folder,
        env=dict(environment),
    )
    os.close(slave)
    parts = []
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # Linux's way to say that the other end is closed
            break
        if not part:
            break
        parts.append(part)
    os.close(master)
    process.wait()
    return b"".join(parts).decode()


def main(names: list[str]) -> None:
    """Writes the named pages, or all of them that can be recorded here."""
    server = os.environ.get("OLLAMA_HOST", "")
    for name in names or PAGES:
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        if needs_server(text) and not server:
            print(f"{name}: not recorded; OLLAMA_HOST names no server")
            continue
        path.write_text(recorded(text, server), encoding="utf-8")
        print(f"{name}: recorded")


if __name__ == "__main__":
    main(sys.argv[1:])
