"""A real Ollama server for tests: found, started on a free port, ended."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
START_SECONDS = 60
# Read once: tests give themselves other folders in XDG_CACHE_HOME.
BUILT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "modelfile-kit" / "ollama"
# The release that tests of differences between releases ask beside the newest (.ci/run installs both).
OLDER = "0.33.0"


def find_ollama() -> tuple[Path | None, str]:
    """The program, or None and why: OLLAMA_BIN, PATH, one that was built before, the installer in CI."""
    if given := os.environ.get("OLLAMA_BIN"):
        path = Path(given)
        return (path, "") if path.is_file() else (None, f"OLLAMA_BIN is {given}, and there is no such file")
    if found := shutil.which("ollama"):
        return Path(found), ""
    if folders := _built():
        return folders[-1] / "bin" / "ollama", ""
    return _install() or (
        None,
        "no Ollama: put it on PATH, name it in OLLAMA_BIN, or set MKMODELFILE_INSTALL_OLLAMA=1 to build one",
    )


def find_release(version: str) -> tuple[Path | None, str]:
    """That release's program, or None and why: one that was built before, or the installer in CI."""
    for folder in _built():
        if folder.name == version:
            return folder / "bin" / "ollama", ""
    return _install(version) or (None, f"no Ollama {version}: `.ci/install-ollama {version}` builds it")


def _built() -> list[Path]:
    """What .ci/install-ollama has built, the newest release last."""
    folders = (f.parent for f in BUILT.glob("*/complete"))
    return sorted(folders, key=lambda f: [int(n) for n in re.findall(r"\d+", f.name)])


def _install(*version: str) -> tuple[Path, str] | None:
    if os.environ.get("CI") != "true" and os.environ.get("MKMODELFILE_INSTALL_OLLAMA") != "1":
        return None
    command = [str(ROOT / ".ci" / "install-ollama"), *version]
    folder = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    return Path(folder) / "bin" / "ollama", ""


class OllamaProcess:
    """A running server. host: address and port; url: of its API; env: for the `ollama` command."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program = program
        self.folder = folder
        self.models = folder / "models"
        self.log = folder / "serve.log"
        folder.mkdir(parents=True, exist_ok=True)
        self.host = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.host}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("OLLAMA_")}
        self.env = {
            **kept,
            "HOME": str(folder),
            "OLLAMA_HOST": self.host,
            "OLLAMA_MODELS": str(self.models),
            "NO_PROXY": "127.0.0.1",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self.program), "serve"],
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        wait_for_answer(self._process, f"{self.url}/api/version", self.log)

    @property
    def pid(self) -> int:
        """Of the running server."""
        assert self._process is not None
        return self._process.pid

    def stop(self, *, at_once: bool = False) -> None:
        """Ends it and the engines it started: they are its own process group."""
        if self._process is None:
            return
        group = self._process.pid
        for sign in (signal.SIGKILL,) if at_once else (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(group, sign)
                self._process.wait(10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self._process.wait(10)
        self._process = None

    def run(self, *arguments: str, cwd: Path | None = None, timeout: float = 120) -> str:
        """The output of the real `ollama` command against this server."""
        done = subprocess.run(
            [str(self.program), *arguments],
            env=self.env,
            cwd=cwd,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=timeout,
        )
        if done.returncode:
            raise RuntimeError(f"ollama {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout


def wait_for_answer(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Waits until a server that was just started answers at that address; log: what it prints."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended at once:\n{log.read_text()[-2000:]}")
        try:
            httpx.get(url, timeout=1, trust_env=False)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not answer:\n{log.read_text()[-2000:]}")


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])
