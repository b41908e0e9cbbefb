"""A real registry for tests: found, started on a free port, ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.ollama_process import free_port
from tests.oracle.oracle import go_binary

ROOT = Path(__file__).parents[1]
START_SECONDS = 60
# Read once: tests give themselves other folders in XDG_CACHE_HOME.
BUILT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "modelfile-kit" / "registry"

_CONFIG = """\
version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {data}}}
  delete: {{enabled: true}}
  maintenance: {{uploadpurging: {{enabled: false}}}}
http:
  addr: {host}
  secret: a-secret-of-the-tests
  relativeurls: {relative}
{more}"""


def find_registry() -> tuple[Path | None, str]:
    """The program, or None and why: REGISTRY_BIN, one that was built before, or the installer in CI."""
    if given := os.environ.get("REGISTRY_BIN"):
        path = Path(given)
        return (path, "") if path.is_file() else (None, f"REGISTRY_BIN is {given}, and there is no such file")
    for complete in sorted(BUILT.glob("*/complete")):
        return complete.parent / "bin" / "registry", ""
    if go_binary() is None:
        return None, "Go is not installed, and the registry of the tests is built by it"
    if os.environ.get("CI") == "true" or os.environ.get("MKMODELFILE_INSTALL_REGISTRY") == "1":
        command = [str(ROOT / ".ci" / "install-registry")]
        folder = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        return Path(folder) / "bin" / "registry", ""
    return None, "no registry: `.ci/install-registry` builds one"


def registry_or_skip() -> Path:
    """The program; skips the test where there is none."""
    program, why = find_registry()
    if program is None:
        pytest.skip(why)
    return program


class RegistryProcess:
    """A running registry. host: address and port; more: YAML after the section `http`."""

    def __init__(self, program: Path, folder: Path, *, more: str = "", relative: bool = False) -> None:
        self.program = program
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "registry.log"
        self.host = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.host}"
        self._more, self._relative = more, relative
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Starts it and waits until it answers."""
        config = self.folder / "config.yml"
        relative = str(self._relative).lower()
        config.write_text(_CONFIG.format(data=self.data, host=self.host, relative=relative, more=self._more))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self.program), "serve", str(config)],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"},
            )
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"the registry ended at once:\n{self.log.read_text()[-2000:]}")
            try:
                httpx.get(f"{self.url}/v2/", timeout=1, trust_env=False)
                return
            except httpx.TransportError:
                time.sleep(0.05)
        raise RuntimeError(f"the registry does not answer:\n{self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """Ends it."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process = None

    def blobs(self) -> set[str]:
        """The digests of the blobs that it keeps."""
        found = (self.data / "docker/registry/v2/blobs/sha256").glob("*/*/data")
        return {f"sha256:{path.parent.name}" for path in found}
