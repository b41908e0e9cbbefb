"""Blobs to a registry: whole where they are small, in chunks that go on after a break where they are large.

A registry keeps an upload under an address of its own (`Location`), and says there how much has come. That
address is remembered in the user's cache, so that a push that was killed goes on where it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import quote

from ..core.cache import kit_cache
from ..core.errors import UsageError
from ..core.files import MAX_TEXT_BYTES, read_file, write_atomically
from ..core.http_client import Budget
from ..core.os_errors import os_reason
from .registry import Descriptor, Registry, uploads_path
from .registry_errors import (
    BROKEN,
    NO_ANSWER,
    NO_REGISTRY,
    OTHER_DIGEST,
    RegistryError,
    not_a_registry,
    other_digest,
)

CHUNK_BYTES = 32 << 20  # proxies take bodies of 100 MB at most; less is sent again after a break
PIECE_BYTES = 1 << 20
ATTEMPTS = 4  # to go on after a break, without a byte of progress between
RETRY_SECONDS = 0.5
MOST_WAIT_SECONDS = 30.0  # of what a busy registry names
COMMIT_SECONDS = 900.0  # of silence: at the end a registry hashes the blob, or copies it to its storage

_CAME = re.compile(r"(?:bytes[= ])?0-([0-9]{1,18})")
# Of an upload that cannot be gone on with, for what reason ever; a new one may be.
_GONE = frozenset({400, 404, 416})
_LOST = frozenset({"BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID", "RANGE_INVALID", ""})
# How registries say that they take no chunks.
_NO_CHUNKS = frozenset({404, 405, 415, 501})

Content = Callable[[int, int], Iterator[bytes]]
"""The pieces of a blob: so many bytes from a first one on."""

Told = Callable[[int, int], None]
"""Is told how many bytes of how many have come."""


def file_content(path: Path, size: int) -> Content:
    """The content of a file that has this size. Raises UsageError (MK809) once it has another."""

    def pieces(start: int, count: int) -> Iterator[bytes]:
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_size != size:
                    raise _changed(path)
                file.seek(start)
                left = count
                while left and (piece := file.read(min(PIECE_BYTES, left))):
                    left -= len(piece)
                    yield piece
        except OSError as e:
            raise UsageError(
                f"{path} cannot be read: {os_reason(e)}",
                help="check the path and its permissions",
                code="MK809",
            ) from e
        if left:
            raise _changed(path)

    return pieces


def bytes_content(data: bytes) -> Content:
    """Bytes that are here already."""
    return lambda start, count: iter([data[start : start + count]])


def _changed(path: Path) -> UsageError:
    return UsageError(
        f"{path} is no longer the file that was hashed",
        help="wait until nothing writes to it any more, then push again",
        code="MK809",
    )


class UploadMemory:
    """The addresses of uploads that are not done, one small file each, for the user alone.

    folder: where they are; by default `uploads` in the user's cache folder. An entry that cannot be read or
    written is no error: the upload begins anew.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is None:
            folder = kit_cache("uploads")
        self.folder = folder

    def get(self, url: str, repository: str, digest: str) -> str:
        """The address that was kept, "" for none."""
        try:
            found = json.loads(read_file(self._entry(url, repository, digest), MAX_TEXT_BYTES))
        except (OSError, ValueError, RecursionError):
            return ""
        location = found.get("location") if isinstance(found, dict) else None
        return location if isinstance(location, str) else ""

    def put(self, url: str, repository: str, digest: str, location: str) -> None:
        """Keeps an address; "" forgets it."""
        entry = self._entry(url, repository, digest)
        with contextlib.suppress(OSError):
            if not location:
                entry.unlink(missing_ok=True)
                return
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(entry, json.dumps({"location": location}).encode(), lasting=False)

    def _entry(self, url: str, repository: str, digest: str) -> Path:
        name = hashlib.sha256(f"{url}\n{repository}\n{digest}".encode()).hexdigest()
        return self.folder / f"{name}.json"


def upload_blob(
    registry: Registry,
    repository: str,
    descriptor: Descriptor,
    content: Content,
    *,
    mount_from: str = "",
    told: Told | None = None,
    memory: UploadMemory | None = None,
) -> bool:
    """Uploads a blob unless the repository has it; whether any byte of it was sent.

    mount_from: a repository of the same registry that has it, from which it is taken without being sent.
    memory: where unfinished uploads are remembered; None remembers none.

    Raises RegistryError where the registry refuses, or stays away for all attempts; what it has got by then
    stays there. Raises UsageError (MK809) where the content changes.
    """
    if registry.blob_size(repository, descriptor.digest) is not None:
        if told:
            told(descriptor.size, descriptor.size)
        return False
    return _Upload(registry, repository, descriptor, content, told, memory).run(mount_from)


class _Upload:
    """One blob on its way."""

    def __init__(
        self,
        registry: Registry,
        repository: str,
        descriptor: Descriptor,
        content: Content,
        told: Told | None,
        memory: UploadMemory | None,
    ) -> None:
        self.registry = registry
        self.repository = repository
        self.blob = descriptor
        self.content = content
        self.told = told or (lambda done, total: None)
        self.memory = memory
        self.asked = f"upload of {descriptor.digest[:19]}… to {repository}"
        self.location = ""
        self.at = 0  # as many bytes the registry has
        self.failed = 0
        self.furthest = 0  # as many bytes it had at most; a registry may take back what it said
        self.chunk = CHUNK_BYTES

    def run(self, mount_from: str) -> bool:
        if not self._take_up() and not self._begin(mount_from):
            return False
        while True:
            try:
                self._send_chunks()
                self._finish()
                break
            except RegistryError as error:
                if self._arrived_all_the_same(error):
                    break
                self._go_on_after(error)
        self._remember("")
        return True

    # -- the steps --------------------------------------------------------------------

    def _begin(self, mount_from: str = "") -> bool:
        """Opens an upload; False where the registry took the blob from the other repository instead."""
        url = uploads_path(self.repository)
        if mount_from and mount_from != self.repository:
            url += f"?mount={self.blob.digest}&from={quote(mount_from, safe='/')}"
        self.at = 0
        with self.registry.ask("POST", url, self.asked) as reply:
            self.registry.expect(reply, self.asked, 201, 202)
            if reply.status_code == 201:
                self.told(self.blob.size, self.blob.size)
                return False
            self._note(reply.headers)
            least = reply.headers.get("OCI-Chunk-Min-Length", "")
            if re.fullmatch(r"[0-9]{1,12}", least):
                self.chunk = max(CHUNK_BYTES, int(least))
        return True

    def _take_up(self) -> bool:
        """Goes on with an upload of an earlier push, if the registry still has it."""
        if self.memory is None:
            return False
        location = self.memory.get(self.registry.url, self.repository, self.blob.digest)
        if not location:
            return False
        try:
            self.location = self.registry.address(location)
            self._ask_how_much()
        except RegistryError as error:
            if error.status is None and error.code != NO_REGISTRY:
                raise
            self.location = ""
            self._remember("")
            return False
        return True

    def _send_chunks(self) -> None:
        """Sends what is missing, unless it is small enough to go with the end of the upload."""
        while self.blob.size - self.at > (0 if self.at else self.chunk):
            count = min(self.chunk, self.blob.size - self.at)
            first = self.at
            headers = {
                "Content-Type": "application/octet-stream",
                "Content-Range": f"{first}-{first + count - 1}",
            }
            with self.registry.ask(
                "PATCH",
                self.location,
                self.asked,
                headers=headers,
                content=partial(self._pieces, first, count),
                size=count,
                budget=Budget(math.inf),
            ) as reply:
                if first == 0 and reply.status_code in _NO_CHUNKS:
                    self.chunk = self.blob.size  # all at once, then
                    return
                self.registry.expect(reply, self.asked, 202)
                self.at = first + count
                self._note(reply.headers)
            if not self._is_further() and self.at < first + count:
                self.failed += 1  # it says that it has taken them, and that they are not there
                if self.failed >= ATTEMPTS:
                    what = f"status 202 to bytes up to {first + count}, and that it has {self.at}"
                    raise not_a_registry(self.registry.host, self.asked, what)

    def _finish(self) -> None:
        """Ends the upload, with all of a blob that was not sent in chunks."""
        mark = "&" if "?" in self.location else "?"
        left = 0 if self.at else self.blob.size
        with self.registry.ask(
            "PUT",
            f"{self.location}{mark}digest={quote(self.blob.digest)}",
            self.asked,
            headers={"Content-Type": "application/octet-stream"},
            content=partial(self._pieces, 0, left),
            size=left,
            budget=Budget(math.inf),
            silence=COMMIT_SECONDS,
        ) as reply:
            self.registry.expect(reply, self.asked, 201, 204)
            said = reply.headers.get("Docker-Content-Digest", "")
        if said and said != self.blob.digest:
            raise other_digest(self.registry.host, f"the {self.asked} that it took", said, self.blob.digest)
        self.told(self.blob.size, self.blob.size)

    # -- when something breaks --------------------------------------------------------

    def _go_on_after(self, error: RegistryError) -> None:
        """Finds out where to go on; raises the error where there is no going on."""
        if error.word == "DIGEST_INVALID":
            raise RegistryError(
                f"{self.registry.host} got another content than {self.blob.digest}: the file changed while "
                "it was sent, or was damaged on the way",
                help="wait until nothing writes to the file, then push again",
                status=error.status,
                code=OTHER_DIGEST,
            ) from error
        while True:
            self.failed += 1
            if not self._passes(error) or self.failed >= ATTEMPTS:
                raise error
            time.sleep(_seconds(error, self.failed))
            try:
                if error.status in _GONE and self.failed > 1:
                    self._begin()
                else:
                    self._ask_how_much()
            except RegistryError as again:
                error = again
                continue
            self._is_further()
            return

    def _is_further(self) -> bool:
        """Whether it has a piece more than ever before, or all: then earlier failures do not count."""
        if not self.furthest < self.at >= min(self.furthest + PIECE_BYTES, self.blob.size):
            return False
        self.furthest, self.failed = self.at, 0
        return True

    def _passes(self, error: RegistryError) -> bool:
        """Whether it may be better next time: a broken connection, a busy registry, a lost upload."""
        if error.code in (BROKEN, NO_ANSWER):
            return True
        return error.status is not None and (
            error.status == 429 or error.status >= 500 or (error.status in _GONE and error.word in _LOST)
        )

    def _ask_how_much(self) -> None:
        """How much the registry has of this upload, and where it goes on."""
        self.at = 0
        with self.registry.ask("GET", self.location, self.asked) as reply:
            self.registry.expect(reply, self.asked, 200, 202, 204)
            if "Range" not in reply.headers:
                raise not_a_registry(self.registry.host, self.asked, "no word of how much has come")
            self._note(reply.headers)

    def _arrived_all_the_same(self, error: RegistryError) -> bool:
        """Whether only the answer was lost: the blob is there."""
        if error.code != BROKEN and error.word not in _LOST:
            return False
        with contextlib.suppress(RegistryError):
            return self.registry.blob_size(self.repository, self.blob.digest) is not None
        return False

    # -- what is known ----------------------------------------------------------------

    def _pieces(self, first: int, count: int) -> Iterable[bytes]:
        done = first
        for piece in self.content(first, count) if count else ():
            yield piece
            done += len(piece)
            self.told(done, self.blob.size)

    def _note(self, headers: Mapping[str, str]) -> None:
        """Takes the next address and the number of bytes that came from an answer."""
        location = headers.get("Location", "")
        if location or not self.location:
            self.location = self.registry.address(location)
        came = _CAME.fullmatch(headers.get("Range", "").strip())
        # "0-0" is also what is said where nothing has come.
        if came and int(came[1]) < self.blob.size:
            self.at = int(came[1]) + 1 if int(came[1]) else 0
        self._remember(self.location)

    def _remember(self, location: str) -> None:
        if self.memory is not None:
            self.memory.put(self.registry.url, self.repository, self.blob.digest, location)


def _seconds(error: RegistryError, failed: int) -> float:
    """How long to wait: what the registry names, within bounds, or longer from time to time."""
    if error.retry_after.isdigit() and len(error.retry_after) < 6:
        return min(float(error.retry_after), MOST_WAIT_SECONDS)
    return RETRY_SECONDS * float(1 << (failed - 1))
