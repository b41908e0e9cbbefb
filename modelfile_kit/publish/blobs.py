"""Blobs: a file's digest, remembered between runs, and the upload of what a server lacks.

Ollama names a blob by the SHA-256 of its content (`sha256:…`, 0.33, server/routes.go,
CreateBlobHandler). Hashing a 6 GB file costs seconds, so digests are kept in the user's cache;
the entry counts only while path, size, times and inode of the file are the ones it was made for.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from ..core.cache import kit_cache
from ..core.errors import ServerError, UsageError
from ..core.files import MAX_TEXT_BYTES, read_file, write_atomically
from ..core.os_errors import os_reason
from ..core.progress import Progress, Step, tell_step
from ..runtime.ollama.client import OllamaServer
from .shared_store import put_blob

CHUNK_BYTES = 1 << 20  # one read: large enough for full speed, small enough for smooth progress
SETTLED_NS = 2_000_000_000  # file systems keep times to 2 s at worst; younger files may change unseen
UPLOAD_ATTEMPTS = 3  # an upload is safe to repeat: a blob is named by its content
RETRY_SECONDS = 0.5

_PASSING = frozenset({"MK803", "MK805"})  # silence and broken connections; an answer is final


@dataclass(frozen=True)
class Blob:
    """A file and its digest; uploaded: None (not asked yet), False (the server had it) or True."""

    path: Path
    name: str
    digest: str
    size: int
    from_cache: bool
    uploaded: bool | None = None


def digest_file(
    path: Path, *, progress: Progress | None = None, cache: DigestCache | None = None
) -> tuple[str, bool]:
    """`sha256:…` of a file, and whether the cache knew it.

    progress gets bytes read of bytes in all. Raises UsageError (MK809) where the file cannot be
    read or changes while it is read.
    """
    cache = cache or DigestCache()
    try:
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            if known := cache.get(path, before):
                return known, True
            digest = _hash(file, path.name, before.st_size, progress)
            after = os.fstat(file.fileno())
    except OSError as e:
        raise _unreadable(path, e) from e
    if _identity(before) != _identity(after):
        raise UsageError(
            f"{path} changed while it was read",
            help="wait until the download or conversion is complete, then try again",
            code="MK809",
        )
    cache.put(path, after, digest)
    return digest, False


def upload(
    server: OllamaServer,
    blob: Blob,
    *,
    progress: Progress | None = None,
    folder: Callable[[], Path | None] = lambda: None,
) -> bool:
    """Uploads the blob unless the server has it; whether anything was sent.

    A connection that breaks is tried again, at most `UPLOAD_ATTEMPTS` times in all.
    folder: gives the server's own folder of blobs, where a copy does in place of an upload, or None.
    """
    for attempt in range(1, UPLOAD_ATTEMPTS + 1):
        try:
            if server.has_blob(blob.digest):
                return attempt > 1  # an earlier attempt of ours arrived after all
            if attempt == 1 and _copied(server, blob, folder(), progress):
                return True
            server.upload_blob(blob.digest, _chunks(blob, progress), blob.size)
            return True
        except ServerError as e:
            if e.code not in _PASSING or attempt == UPLOAD_ATTEMPTS:
                raise
            time.sleep(RETRY_SECONDS * attempt)
    raise AssertionError("unreachable")


def _copied(server: OllamaServer, blob: Blob, folder: Path | None, progress: Progress | None) -> bool:
    """Copies the blob into the server's folder; False where it is to be sent after all."""
    if folder is None:
        return False
    try:
        for done in put_blob(folder, blob.digest, blob.path):
            if progress:
                progress(Step("upload", blob.path.name, done, blob.size))
    except OSError:
        return False  # what is wrong with the disk or the file is told by the upload
    return server.has_blob(blob.digest)


def digests_in(cache_folder: Path | None) -> DigestCache:
    """The digests that are remembered in this folder, in the user's cache without one."""
    return DigestCache(cache_folder / "digests" if cache_folder else None)


class DigestCache:
    """Digests of files, one small file each, so that several processes never get in each other's way.

    folder: where they are kept; by default `digests` in the user's cache folder. An entry that
    cannot be read or written is no error: the file is hashed again.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is None:
            folder = kit_cache("digests")
        self.folder = folder

    def get(self, path: Path, stat: os.stat_result) -> str | None:
        """The digest that was stored for exactly this state of the file."""
        try:
            entry = json.loads(read_file(self._entry(path), MAX_TEXT_BYTES))
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(entry, dict) or entry.get("identity") != _identity(stat):
            return None
        digest = entry.get("digest")
        return digest if isinstance(digest, str) and is_digest(digest) else None

    def put(self, path: Path, stat: os.stat_result, digest: str) -> None:
        """Stores the digest, unless the file is so young that a change could go unseen."""
        if time.time_ns() - stat.st_mtime_ns < SETTLED_NS:
            return
        entry = {"path": str(path.absolute()), "identity": _identity(stat), "digest": digest}
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._entry(path), json.dumps(entry).encode(), lasting=False)

    def _entry(self, path: Path) -> Path:
        name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()
        return self.folder / f"{name}.json"


def is_digest(text: str) -> bool:
    """Whether the text is `sha256:` and 64 hexadecimal digits."""
    kind, _, digits = text.partition(":")
    return kind == "sha256" and len(digits) == 64 and set(digits) <= set("0123456789abcdef")


def _identity(stat: os.stat_result) -> list[int]:
    # The change time catches what sets size and modification time back (rsync -t, cp -p over it).
    return [stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def _hash(file: BufferedReader, name: str, total: int, progress: Progress | None) -> str:
    sha = hashlib.sha256()
    buffer = bytearray(CHUNK_BYTES)
    view = memoryview(buffer)
    done = 0
    # A file that grows while it is read must not keep us for ever; its change is seen afterwards.
    while done <= total and (count := file.readinto(buffer)):
        sha.update(view[:count])
        done += count
        if progress:
            progress(Step("hash", name, done, total))
        else:
            tell_step("hash", name, done, total)
    return f"sha256:{sha.hexdigest()}"


def _chunks(blob: Blob, progress: Progress | None) -> Iterator[bytes]:
    done = 0
    try:
        with blob.path.open("rb") as file:
            if os.fstat(file.fileno()).st_size != blob.size:
                raise _changed(blob)
            while chunk := file.read(min(CHUNK_BYTES, blob.size - done)):
                yield chunk
                done += len(chunk)
                if progress:
                    progress(Step("upload", blob.path.name, done, blob.size))
    except OSError as e:
        raise _unreadable(blob.path, e) from e
    if done != blob.size:
        raise _changed(blob)


def _changed(blob: Blob) -> UsageError:
    return UsageError(
        f"{blob.path} is no longer the {blob.size} bytes that were hashed",
        help="wait until nothing writes to it any more, then publish again",
        code="MK809",
    )


def _unreadable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{path} cannot be read: {os_reason(error)}",
        help="check the path and its permissions; paths in a Modelfile count from the Modelfile's folder",
        code="MK809",
    )
