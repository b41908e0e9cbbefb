"""A client of a language server in a process of its own: JSON-RPC on its standard streams, nothing else.

It is no part of pygls, so that what it sends may be wrong too.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

PATIENCE = 120  # seconds; only a server that hangs is waited for so long
COMMAND = [sys.executable, "-m", "modelfile_kit", "lsp"]


class Client:
    """One session. sent, received: every message, in order."""

    def __init__(self, command: list[str] | None = None, **environment: str) -> None:
        self.process = subprocess.Popen(
            command or COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        )
        self.sent: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._errors: list[bytes] = []
        self._next = 0
        self._threads = [threading.Thread(target=self._read), threading.Thread(target=self._read_errors)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> int:
        """Closes the server's input and waits for its end; returns its exit code."""
        assert self.process.stdin
        if not self.process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        try:
            code = self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            for thread in self._threads:
                thread.join()
            assert self.process.stdout and self.process.stderr
            self.process.stdout.close()
            self.process.stderr.close()
        return code

    @property
    def errors(self) -> str:
        """What the server has written to its standard error."""
        return b"".join(self._errors).decode("utf-8", "replace")

    def write(self, data: bytes) -> None:
        """Bytes as they are."""
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, method: str, params: Any = None, *, id: int | None = None) -> None:
        """A message: a notification, or a request where it has an id."""
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        if id is not None:
            message["id"] = id
        self.sent.append(message)
        body = json.dumps(message).encode()
        self.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def ask(self, method: str, params: Any = None) -> Any:
        """The result of a request. Raises AssertionError for an error."""
        self._next += 1
        number = self._next
        self.send(method, params, id=number)
        answer = self.wait(lambda message: message.get("id") == number and "method" not in message)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def wait(self, wanted: Any) -> dict[str, Any]:
        """The next message that is wanted."""
        while True:
            message = self._messages.get(timeout=PATIENCE)
            assert message is not None, f"the server has gone: {self.errors}"
            self.received.append(message)
            if wanted(message):
                return message

    def start(self, encodings: list[str] | None = None, options: Any = None) -> dict[str, Any]:
        """The first exchange; returns the server's capabilities."""
        general = {"positionEncodings": encodings} if encodings else {}
        params = {"processId": os.getpid(), "rootUri": None, "capabilities": {"general": general}}
        result = self.ask("initialize", params | ({"initializationOptions": options} if options else {}))
        self.send("initialized", {})
        capabilities: dict[str, Any] = result["capabilities"]
        return capabilities

    def open(self, uri: str, text: str, language: str = "modelfile", version: int = 1) -> None:
        """Opens a file."""
        document = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.send("textDocument/didOpen", {"textDocument": document})

    def change(self, uri: str, version: int, *changes: dict[str, Any]) -> None:
        """Edits a file."""
        document = {"uri": uri, "version": version}
        self.send("textDocument/didChange", {"textDocument": document, "contentChanges": [*changes]})

    def findings(self, uri: str, version: int | None = None) -> list[dict[str, Any]]:
        """The next findings about a file (in a version)."""

        def wanted(message: dict[str, Any]) -> bool:
            if message.get("method") != "textDocument/publishDiagnostics":
                return False
            params = message["params"]
            return params["uri"] == uri and (version is None or params.get("version") == version)

        found: list[dict[str, Any]] = self.wait(wanted)["params"]["diagnostics"]
        return found

    def at(self, method: str, uri: str, line: int, character: int) -> Any:
        """The answer to a question about a position."""
        position = {"line": line, "character": character}
        return self.ask(f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": position})

    def about(self, method: str, uri: str, **more: Any) -> Any:
        """The answer to a question about a whole file."""
        return self.ask(f"textDocument/{method}", {"textDocument": {"uri": uri}, **more})

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream
        while True:
            length = 0
            while (line := stream.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            if not line:
                break
            self._messages.put(json.loads(stream.read(length)))
        self._messages.put(None)

    def _read_errors(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self._errors.append(line)


def uri_of(path: Path) -> str:
    """The address of a file."""
    return path.absolute().as_uri()
