"""A real registry for tests: found, started on a free port, ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.ollama_process import free_port, wait_for_answer
from tests.oracle.oracle import go_binary

ROOT = Path(__file__).parents[1]
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
{more}{redirect}"""

# As with a store in a cloud, blobs come from a host of another name. Ollama pulls from no other registry.
_REDIRECT = """\
middleware:
  storage: [{{name: redirect, options: {{baseurl: "http://{host}/"}}}}]
"""


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
    """A running registry. host: address and port; more: YAML after the section `http`.

    redirect: it sends whoever wants a blob to another address, where its files are served.
    """

    def __init__(
        self,
        program: Path,
        folder: Path,
        *,
        more: str = "",
        relative: bool = False,
        redirect: bool = False,
    ) -> None:
        self.program = program
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "registry.log"
        self.host = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.host}"
        self._more, self._relative = more, relative
        self._files = _file_server(self.data) if redirect else None
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Starts it and waits until it answers."""
        config = self.folder / "config.yml"
        relative = str(self._relative).lower()
        redirect = _REDIRECT.format(host=f"localhost:{self._files.server_port}") if self._files else ""
        values = {"data": self.data, "host": self.host, "relative": relative, "more": self._more}
        config.write_text(_CONFIG.format(**values, redirect=redirect))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self.program), "serve", str(config)],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"},
            )
        wait_for_answer(self._process, f"{self.url}/v2/", self.log)

    def stop(self) -> None:
        """Ends it."""
        if self._files is not None:
            self._files.shutdown()
            self._files.server_close()
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


def _file_server(root: Path) -> ThreadingHTTPServer:
    """Serves the files of a folder, whole and by ranges."""

    class Files(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            data = (root / self.path.lstrip("/")).read_bytes()
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            first, last = 0, len(data) - 1
            if asked:
                first, last = int(asked[1]), min(int(asked[2] or last), last)
            part = data[first : last + 1]
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(part)))
            if asked:
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(part)

        do_HEAD = do_GET  # noqa: N815 -- http.server's name

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@contextmanager
def running_registry(folder: Path, *, redirect: bool = False) -> Iterator[RegistryProcess]:
    """A registry with its files in a folder, stopped afterwards; skips the test where there is none."""
    process = RegistryProcess(registry_or_skip(), folder, redirect=redirect)
    process.start()
    try:
        yield process
    finally:
        process.stop()
