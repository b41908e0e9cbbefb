"""A hub that takes commits, for the real huggingface_hub: the requests that its create_commit sends.

Written by huggingface_hub 2.4 (hf_api.py, _commit_api.py, lfs.py) and https://huggingface.co/docs/hub/api.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

TOKEN = "hf_write"
READER = "hf_read"


@dataclass
class Repo:
    """A repository: contents by name, which of them are large, and its commit."""

    files: dict[str, bytes] = field(default_factory=dict)
    commit: int = 1
    private: bool = False

    @property
    def sha(self) -> str:
        return f"{self.commit:040x}"


class CommitHub:
    """The hub. repos: by name; asked: method and path of every request; writable: who may write where.

    refuse: (method, part of a path) to (status, headers) that are answered instead. ignored: names that a
    `.gitignore` leaves out. after_look: called once after a repository was looked at. slow: seconds before
    every answer.
    """

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.stored: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.tokens_elsewhere: list[str] = []
        self.refuse: dict[tuple[str, str], tuple[int, dict[str, str]]] = {}
        self.ignored: set[str] = set()
        self.after_look: Any = None
        self.slow = 0.0
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        # Large files go to another host, which must not see the token.
        self.store = f"http://localhost:{self._http.server_port}/store"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def sent(self, method: str, part: str) -> int:
        """How many requests with this method had this part in their path."""
        return sum(1 for m, path in self.asked if m == method and part in path)

    def info(self, name: str) -> dict[str, Any]:
        repo = self.repos[name]
        files = []
        for path, data in sorted(repo.files.items()):
            entry = {"rfilename": path, "size": len(data), "blobId": git_blob(data)}
            if path.endswith(".gguf"):
                entry["lfs"] = {"sha256": sha256(data), "size": len(data), "pointerSize": 134}
            files.append(entry)
        told = {"_id": "1", "id": name, "modelId": name, "sha": repo.sha, "private": repo.private}
        return {**told, "gated": False, "tags": [], "siblings": files}

    def commit(self, name: str, lines: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        repo = self.repos[name]
        parent = lines[0]["value"].get("parentCommit")
        if parent not in (None, repo.sha):
            return 412, {"error": "A commit has happened since. Please refresh and try again."}
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                repo.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                repo.files[value["path"]] = self.stored[value["oid"]]
            elif line["key"] == "deletedFile":
                del repo.files[value["path"]]
        repo.commit += 1
        return 200, {"commitOid": repo.sha, "commitUrl": f"{self.url}/{name}/commit/{repo.sha}"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: CommitHub

    def do_GET(self) -> None:
        path, data = urlsplit(self.path).path, self._body()
        time.sleep(self.hub.slow)
        self.hub.asked.append((self.command, path))
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        refused = [
            a for (method, part), a in self.hub.refuse.items() if method == self.command and part in path
        ]
        if path.startswith("/store/"):
            self._store(path, data, token)
        elif refused:
            self._say(refused[0][0], {"error": "refused"}, refused[0][1])
        elif path.startswith(("/api/whoami", "/api/repos/", "/api/validate")):
            self._account(path, data, token)
        else:
            self._repository(path, data, token)

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

    def _store(self, path: str, data: bytes, token: str) -> None:
        if token:
            self.hub.tokens_elsewhere.append(path)
        if sha256(data) != path.rpartition("/")[2]:
            self._say(400, {"error": "other contents"})
            return
        self.hub.stored[sha256(data)] = data
        self._say(200, {})

    def _account(self, path: str, data: bytes, token: str) -> None:
        if path.startswith("/api/validate"):
            self._say(200, {"errors": [], "warnings": []})
        elif token not in (TOKEN, READER):
            self._say(401, {"error": "Invalid username or password."})
        elif path.startswith("/api/whoami"):
            role = "write" if token == TOKEN else "read"
            self._say(200, {"type": "user", "name": "org", "auth": {"accessToken": {"role": role}}})
        else:
            asked = json.loads(data)
            name = f"{asked.get('organization', 'org')}/{asked['name']}"
            files = {".gitattributes": b"*.gguf filter=lfs"}
            self.hub.repos[name] = Repo(files, private=bool(asked.get("private")))
            self._say(200, {"url": f"{self.hub.url}/{name}", "name": name})

    def _repository(self, path: str, data: bytes, token: str) -> None:
        parts = path.removeprefix("/api/models").lstrip("/").split("/")
        name = "/".join(parts[:2]).removesuffix(".git")
        repo = self.hub.repos.get(name)
        if repo is None or (repo.private and token != TOKEN):
            self._say(404 if token else 401, {"error": "none"}, {"X-Error-Code": "RepoNotFound"})
        elif self.command == "POST" and token != TOKEN:
            self._say(403, {"error": "You have no right to write here."})
        elif "/preupload/" in path:
            self._say(200, {"files": [self._mode(f["path"]) for f in json.loads(data)["files"]]})
        elif path.endswith("/objects/batch"):
            self._say(
                200, {"transfer": "basic", "objects": [self._upload(o) for o in json.loads(data)["objects"]]}
            )
        elif "/commit/" in path:
            self._say(*self.hub.commit(name, [json.loads(line) for line in data.splitlines()]))
        elif "/resolve/" in path:
            self._file(repo, path.partition("/resolve/")[2].partition("/")[2])
        else:
            self._say(200, self.hub.info(name))
            if (call := self.hub.after_look) is not None:
                self.hub.after_look = None
                call()

    def _mode(self, name: str) -> dict[str, Any]:
        mode = "lfs" if name.endswith(".gguf") else "regular"
        return {"path": name, "uploadMode": mode, "shouldIgnore": name in self.hub.ignored}

    def _upload(self, one: dict[str, Any]) -> dict[str, Any]:
        if one["oid"] in self.hub.stored:
            return one
        return {**one, "actions": {"upload": {"href": f"{self.hub.store}/{one['oid']}", "header": {}}}}

    def _file(self, repo: Repo, name: str) -> None:
        data = repo.files.get(name)
        if data is None:
            self._say(404, {}, {"X-Error-Code": "EntryNotFound"})
            return
        self._send(200, data, {"ETag": f'"{git_blob(data)}"', "X-Repo-Commit": repo.sha})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _say(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        whole = {"Content-Type": "application/json", **(headers or {})}
        self._send(status, json.dumps(value).encode(), whole)

    def _send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        # A client that was told to wait no longer has gone.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def commit_hub() -> Iterator[CommitHub]:
    """A hub that runs inside the block."""
    hub = CommitHub()
    try:
        yield hub
    finally:
        hub.close()


def git_blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
