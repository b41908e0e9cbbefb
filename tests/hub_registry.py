"""Hugging Face's hub as Ollama sees it: the manifests and blobs of `hf.co/ORG/REPO`, made of folders.

Written by https://huggingface.co/docs/hub/ollama (August 2026), and by what Ollama asks a registry for
(0.34, server/download.go).
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

KIND = "application/vnd.ollama.image."
_LABEL = re.compile(r"(?:UD-)?(?:I?Q\d\w*|BF16|F16|F32|MXFP4\w*)", re.IGNORECASE)


class HubRegistry:
    """A server of repositories. folders: by `ORG/REPO`. host: its address and port; asked: the paths."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self.folders = folders
        self.blobs: dict[str, bytes] = {}
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.host = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> HubRegistry:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def manifest(self, repository: str, tag: str) -> bytes | None:
        """The manifest of a quantization; None where no file has it."""
        folder = self.folders[repository]
        files = sorted(p for p in folder.rglob("*.gguf") if not p.name.startswith("."))
        models = [p for p in files if "mmproj" not in p.name.lower()]
        projectors = [p for p in files if "mmproj" in p.name.lower()]
        model = next((p for p in models if tag in (p.name, "latest") or label(p.name) == tag.upper()), None)
        if model is None:
            return None
        layers = [("model", model.read_bytes()), *(("projector", p.read_bytes()) for p in projectors[:1])]
        for name in ("template", "system", "params"):
            if (folder / name).exists():
                layers.append((name, (folder / name).read_bytes()))
        rows = [self._keep(KIND + kind, data) for kind, data in layers]
        config = {
            "model_format": "gguf",
            "model_family": "unknown",
            "model_families": ["unknown"],
            "file_type": "unknown",
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [row["digest"] for row in rows]},
        }
        top = self._keep("application/vnd.docker.container.image.v1+json", json.dumps(config).encode())
        whole = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": top,
            "layers": rows,
        }
        return json.dumps(whole).encode()

    def _keep(self, media_type: str, data: bytes) -> dict[str, Any]:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.blobs[digest] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def answer(self, path: str) -> bytes | None:
        """What is at a path of the registry."""
        self.asked.append(path)
        if path.startswith("/store/"):
            return self.blobs.get(path.removeprefix("/store/"))
        found = re.fullmatch(r"/v2/(.+)/(manifests|blobs)/([^/]+)", path)
        if not found:
            return None
        repository, what, name = found.groups()
        return self.manifest(repository, name) if what == "manifests" else self.blobs.get(name)

    def _handler(hub) -> type[BaseHTTPRequestHandler]:  # noqa: N805 -- `self` is the handler's
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                data = hub.answer(self.path)
                if "/blobs/" in self.path and self.command == "GET":
                    # As the hub does: the bytes lie on another host. Ollama takes no blob without that.
                    digest = self.path.rpartition("/")[2]
                    self.send_response(307)
                    self.send_header("Location", f"http://localhost:{hub.host[10:]}/store/{digest}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                status, whole = (200, data) if data is not None else (404, b'{"error":"not found"}')
                first, last = 0, len(whole) - 1
                if data is not None and (wanted := self.headers.get("Range")):
                    first, last = (int(n) for n in wanted.removeprefix("bytes=").split("-"))
                    status = 206
                part = whole[first : last + 1]
                self.send_response(status)
                self.send_header("Content-Length", str(len(part)))
                if status == 206:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{len(whole)}")
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(part)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        return Handler


def label(name: str) -> str:
    """The last quantization in a file name, as the hub reads it."""
    found = _LABEL.findall(name.removesuffix(".gguf"))
    return found[-1].upper() if found else ""
