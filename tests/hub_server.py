"""Stand-ins for Hugging Face's hub and for ModelScope, and for the host that their files come from.

`HubServer` speaks as much of the hub's API as huggingface_hub asks for (huggingface.co/docs/hub/api, and what
its hf_api.py and file_download.py read): a repository's state, its files by pages, and `resolve`, which sends
large files from another host with ranges. It keeps what it was asked, and can refuse, lie and break off.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

LFS_BYTES = 4096
"""Files from this size on come from the other host."""

Contents = bytes | Path


@dataclass
class Asked:
    """A request as a server saw it.

    host: "hub" or "cdn"; range, authorization: header fields, "" where they were not sent; sent: bytes of the
    answer's body, counted just before they go out.
    """

    host: str
    method: str
    path: str
    range: str
    authorization: str
    sent: int = 0


@dataclass
class Repo:
    """A repository: its files by path, and who may read them."""

    files: dict[str, Contents]
    gated: bool = False
    private: bool = False
    branch: str = "main"
    commit: str = ""
    listed_size: dict[str, int] = field(default_factory=dict)
    """Sizes that the list gives in place of the true ones."""
    older: dict[str, Repo] = field(default_factory=dict)
    """Earlier states, by their commits."""

    def __post_init__(self) -> None:
        text = "".join(f"{path} {size_of(data)}" for path, data in sorted(self.files.items()))
        self.commit = self.commit or hashlib.sha1(text.encode()).hexdigest()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up early is no news."""


class _Server(ABC):
    """An HTTP server in threads of this process."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.asked: list[Asked] = []
        handler = type("Handler", (_Handler,), {"server_of": self})
        self._http = _Quiet(("127.0.0.1", 0), handler)
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    @abstractmethod
    def answer(self, request: _Handler) -> None:
        """Answers a request."""

    def sent(self, ending: str = "") -> int:
        """Bytes of bodies that went out for paths with this ending."""
        return sum(a.sent for a in self.asked if urlsplit(a.path).path.endswith(ending))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        range_, authorization = self.headers.get("Range", ""), self.headers.get("Authorization", "")
        self.seen = Asked(self.server_of.host, self.command, self.path, range_, authorization)
        self.server_of.asked.append(self.seen)
        try:
            self.server_of.answer(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def reply(self, status: int, headers: Mapping[str, str] = {}, body: bytes = b"") -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.write(body)

    def write(self, part: bytes) -> None:
        """A part of a body."""
        self.seen.sent += len(part)
        self.wfile.write(part)

    def reply_json(self, value: object, headers: Mapping[str, str] = {}) -> None:
        return self.reply(200, {"Content-Type": "application/json", **headers}, json.dumps(value).encode())


class CDN(_Server):
    """Sends contents by their digest, with ranges. An address needs the signature that the hub wrote.

    ranges: False sends everything always. lie_total: added to the size in Content-Range. break_after: bytes
    after which a connection is cut, once for each entry.
    """

    def __init__(self) -> None:
        self.contents: dict[str, Contents] = {}
        self.ranges = True
        self.lie_total = 0
        self.break_after: list[int] = []
        super().__init__("cdn")

    def answer(self, request: _Handler) -> None:
        parts = urlsplit(request.path)
        digest = parts.path.rpartition("/")[2]
        if parse_qs(parts.query).get("signature") != [f"of-{digest[:8]}"] or digest not in self.contents:
            request.reply(403)
            return
        data = self.contents[digest]
        send_part(request, data, f'"{digest}"', self)


def send_part(request: _Handler, data: Contents, etag: str, cdn: CDN | None = None) -> None:
    """A range of the contents, or all of them."""
    size = size_of(data)
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
    if asked is None or (cdn is not None and not cdn.ranges):
        first, last, status = 0, size - 1, 200
        headers = {"ETag": etag}
    else:
        first, last = int(asked[1]), min(int(asked[2] or size), size - 1)
        status = 206
        if first >= size:
            request.reply(416, {"Content-Range": f"bytes */{size}"})
            return
        total = size + (cdn.lie_total if cdn else 0)
        headers = {"ETag": etag, "Content-Range": f"bytes {first}-{last}/{total}"}
    count = last - first + 1
    cut = min(count, cdn.break_after.pop(0)) if cdn is not None and cdn.break_after else count
    request.send_response(status)
    for key, value in {**headers, "Content-Length": str(count), "Accept-Ranges": "bytes"}.items():
        request.send_header(key, value)
    request.end_headers()
    if request.command == "HEAD":
        return
    for piece in _pieces(data, first, cut):
        request.write(piece)
    if cut < count:
        request.wfile.flush()
        request.close_connection = True


class HubServer(_Server):
    """The hub. token: the one that may read what is private or gated. page: files in one answer of a list.

    refuse: paths (as in a URL, without a query) to (status, headers) that they are answered with.
    """

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.token = "hf_secret"
        self.page = 50
        self.refuse: dict[str, tuple[int, dict[str, str]]] = {}
        self.cdn = CDN()
        super().__init__("hub")

    def add(self, repository: str, files: Mapping[str, Contents], **more: object) -> Repo:
        """A repository ORG/REPO with these files; more: as of `Repo`."""
        repo = self.repos[repository] = Repo(dict(files), **more)  # type: ignore[arg-type]
        for data in repo.files.values():
            self.cdn.contents[sha256_of(data)] = data
        return repo

    def close(self) -> None:
        self.cdn.close()
        super().close()

    def answer(self, request: _Handler) -> None:
        path = unquote(urlsplit(request.path).path)
        if path in self.refuse:
            request.reply(*self.refuse[path])
            return
        if path == "/api/models":
            self._owner(request)
            return
        api = re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/(revision|tree)/(.+))?", path)
        file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+|refs/pr/\d+)/(.+)", path)
        if api:
            self._api(request, api[1], api[2] or "revision", api[3] or "main")
            return
        if file:
            self._file(request, file[1], file[2], file[3])
            return
        request.reply(404, {"X-Error-Code": "RepoNotFound"})

    def _owner(self, request: _Handler) -> None:
        """The repositories of an owner that have GGUF files."""
        query = parse_qs(urlsplit(request.path).query)
        owner = query.get("author", [""])[0]
        found = [
            {"_id": "1", "id": name, "modelId": name, "private": repo.private, "tags": ["gguf"]}
            for name, repo in self.repos.items()
            if name.partition("/")[0] == owner
            and any(path.endswith(".gguf") for path in repo.files)
            and (not repo.private or self._may(request))
        ]
        request.reply_json(found)

    def _may(self, request: _Handler) -> bool:
        return bool(request.headers.get("Authorization") == f"Bearer {self.token}")

    def _repo(self, request: _Handler, name: str, revision: str) -> Repo | None:
        repo = self.repos.get(name)
        if repo is None or (repo.private and not self._may(request)):
            status = 404 if self._may(request) else 401
            message = "Repository not found" if status == 404 else "Invalid username or password."
            request.reply(status, {"X-Error-Code": "RepoNotFound", "X-Error-Message": message})
            return None
        if revision in repo.older:
            return repo.older[revision]
        if revision not in (repo.branch, repo.commit):
            message = f"Invalid rev id: {revision}"
            request.reply(404, {"X-Error-Code": "RevisionNotFound", "X-Error-Message": message})
            return None
        return repo

    def _api(self, request: _Handler, name: str, what: str, revision: str) -> None:
        repo = self._repo(request, name, revision)
        if repo is None:
            return
        if what == "revision":
            siblings = [{"rfilename": path} for path in sorted(repo.files)]
            gated = "manual" if repo.gated else False
            told = {"_id": "1", "id": name, "modelId": name, "sha": repo.commit, "private": repo.private}
            request.reply_json({**told, "gated": gated, "tags": [], "siblings": siblings})
            return
        query = parse_qs(urlsplit(request.path).query)
        start = int(query.get("cursor", ["0"])[0])
        paths = sorted(repo.files)
        folders = sorted({p.rpartition("/")[0] for p in paths if "/" in p}) if start == 0 else []
        entries: list[dict[str, object]] = [
            {"type": "directory", "oid": "0" * 40, "size": 0, "path": folder} for folder in folders
        ]
        entries += [_entry(repo, path) for path in paths[start : start + self.page]]
        headers = {}
        if start + self.page < len(paths):
            again = f"{self.url}/api/models/{name}/tree/{revision}?recursive=True&cursor={start + self.page}"
            headers["Link"] = f'<{again}>; rel="next"'
        request.reply_json(entries, headers)

    def _file(self, request: _Handler, name: str, revision: str, path: str) -> None:
        repo = self._repo(request, name, revision)
        if repo is None:
            return
        commit = {"X-Repo-Commit": repo.commit}
        if repo.gated and not self._may(request):
            status = 403 if request.headers.get("Authorization") else 401
            request.reply(status, {"X-Error-Code": "GatedRepo", "X-Error-Message": "gated", **commit})
            return
        if path not in repo.files:
            request.reply(404, {"X-Error-Code": "EntryNotFound", "X-Error-Message": "none", **commit})
            return
        data = repo.files[path]
        if size_of(data) < LFS_BYTES:
            etag = f'"{_git_blob(data)}"'
            body = bytes_of(data)
            request.reply(200, {"ETag": etag, **commit}, body)
            return
        digest = sha256_of(data)
        where = f"{self.cdn.url}/lfs/{quote(name)}/{digest}?signature=of-{digest[:8]}"
        linked = {"X-Linked-Size": str(size_of(data)), "X-Linked-ETag": f'"{digest}"', "Location": where}
        # What huggingface_hub would take another way for, past the client that it was given.
        request.reply(302, {**linked, **commit, "X-Xet-Hash": digest})


class ModelScopeServer(_Server):
    """ModelScope's list of files and its downloads; `add` as of HubServer. token: for private ones."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.token = "ms_secret"
        self.refuse: dict[str, int] = {}
        super().__init__("modelscope")

    def add(self, repository: str, files: Mapping[str, Contents], **more: object) -> Repo:
        """A repository ORG/REPO with these files; more: as of `Repo`."""
        repo = self.repos[repository] = Repo(dict(files), **{"branch": "master", **more})  # type: ignore[arg-type]
        return repo

    def answer(self, request: _Handler) -> None:
        parts = urlsplit(request.path)
        path, query = unquote(parts.path), parse_qs(parts.query)
        if path in self.refuse:
            request.reply(self.refuse[path])
            return
        listing = re.fullmatch(r"/api/v1/models/([^/]+/[^/]+)/repo/files", path)
        file = re.fullmatch(r"/models/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        found = listing or file
        repo = self.repos.get(found[1]) if found else None
        may = request.headers.get("Authorization") == f"Bearer {self.token}"
        if repo is None or (repo.private and not may):
            request.reply(404, {}, b'{"Code":10010205001,"Message":"not found","Success":false}')
            return
        if listing:
            if query.get("Revision") != [repo.branch]:
                request.reply_json({"Code": 10010205006, "Message": "no revision", "Success": False})
                return
            files = [
                {
                    "Type": "blob",
                    "Name": path.rpartition("/")[2],
                    "Path": path,
                    "Size": repo.listed_size.get(path, size_of(data)),
                    "Sha256": sha256_of(data),
                    "Revision": repo.commit,
                }
                for path, data in sorted(repo.files.items())
            ]
            request.reply_json({"Code": 200, "Success": True, "Data": {"Files": files}})
            return
        assert file is not None
        if file[3] not in repo.files:
            request.reply(404)
            return
        data = repo.files[file[3]]
        send_part(request, data, f'"{sha256_of(data)}"')


class WebServer(_Server):
    """A plain web server with one file, of whatever path, whose ETag is that of its contents."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        super().__init__("web")

    def answer(self, request: _Handler) -> None:
        send_part(request, self.data, f'"{sha256_of(self.data)}"')


@contextmanager
def hub_server() -> Iterator[HubServer]:
    """A hub that runs inside the block."""
    server = HubServer()
    try:
        yield server
    finally:
        server.close()


def size_of(data: Contents) -> int:
    return data.stat().st_size if isinstance(data, Path) else len(data)


def bytes_of(data: Contents) -> bytes:
    return data.read_bytes() if isinstance(data, Path) else data


def sha256_of(data: Contents) -> str:
    return hashlib.sha256(bytes_of(data)).hexdigest()


def _git_blob(data: Contents) -> str:
    whole = bytes_of(data)
    return hashlib.sha1(b"blob %d\0" % len(whole) + whole).hexdigest()


def _entry(repo: Repo, path: str) -> dict[str, object]:
    data = repo.files[path]
    size = repo.listed_size.get(path, size_of(data))
    entry: dict[str, object] = {"type": "file", "oid": _git_blob(data), "size": size, "path": path}
    if size_of(data) >= LFS_BYTES:
        entry["lfs"] = {"oid": sha256_of(data), "size": size, "pointerSize": 134}
    return entry


def _pieces(data: Contents, first: int, count: int) -> Iterator[bytes]:
    if isinstance(data, bytes):
        yield data[first : first + count]
        return
    with data.open("rb") as stream:
        stream.seek(first)
        while count > 0 and (piece := stream.read(min(count, 1 << 18))):
            count -= len(piece)
            yield piece
