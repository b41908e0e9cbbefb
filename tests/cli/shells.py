"""Real shells on a pseudo-terminal: what a line becomes when Tab is pressed."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

PATIENCE = 120  # seconds; only a shell that hangs is waited for so long
PROMPT = "READY>"


def needed(shell: str) -> str:
    """The path of a shell; skips where there is none."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    return found


class Shell:
    """An interactive bash or zsh with the script of `completion` in it."""

    def __init__(self, name: str, script: Path, folder: Path, environment: Mapping[str, str]) -> None:
        options = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}[name]
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            [needed(name), *options], stdin=slave, stdout=slave, stderr=slave, cwd=folder,
            env={**environment, "TERM": "xterm", "PS1": PROMPT, "COLUMNS": "200"}, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self._text = ""
        self._until(PROMPT)
        if name == "zsh":
            self.run("autoload -U compinit; compinit -u -D; bindkey -e; unsetopt automenu prompt_sp")
        else:
            self.run("bind 'set enable-bracketed-paste off'; bind 'set page-completions off'")
        self.run(f". '{script}'")

    def run(self, line: str) -> str:
        """What a line prints."""
        self._type(f"{line}; printf '%s-%s\\n' the end\n")
        return self._until("the-end\r\n").rpartition("\n")[0]

    def completed(self, line: str) -> list[str]:
        """The words of a line after Tab, and with a last empty one where a space was put behind them."""
        # At the beginning of the line a command is put that prints its words, and at the end a mark.
        self._type(f"{line}\tE\x01printf '<%s>' \x05; printf '%s-%s\\n' the end\n")
        shown = self._until("the-end\r\n")
        words = shown.rpartition("\n<")[2].partition(">the-end")[0].split("><")
        assert words[-1].endswith("E"), shown
        return [*words[:-1], words[-1][:-1]]

    def listed(self, line: str, last: str) -> str:
        """What is shown below a line for which there are several candidates, `last` the last of them."""
        self._type(f"{line}\t\t")
        # Waits, because keys that are typed ahead end the listing.
        shown = self._until(last)
        self._type("\x15")
        return shown + self.run("true")

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def _type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def _until(self, mark: str) -> str:
        """What it writes up to a mark, and with it."""
        while mark not in self._text:
            ready, _, _ = select.select([self._master], [], [], PATIENCE)
            assert ready, self._text
            self._text += os.read(self._master, 65536).decode("utf-8", "replace")
        before, found, self._text = self._text.partition(mark)
        return before + found
