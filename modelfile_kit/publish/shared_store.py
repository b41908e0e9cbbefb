"""The server's own folder of blobs, where this process may write into it: a copy there is no upload.

As `ollama create` of 0.34.1 and later does (cmd/cmd.go, sharedBlobStore): a throwaway blob is written, and
the server is asked whether it has it. So a server with another store, in a container or of another user, is
told apart, and its blobs are sent.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..core.clone import reflink
from ..core.errors import ServerError
from ..core.files import open_file
from ..core.urls import is_loopback
from ..runtime.ollama.client import OllamaServer
from ..sources.ollama import stores

BLOCK_BYTES = 1 << 17  # stays in the cache of the processor between reading, hashing and writing
FORCED_REMOTE = "OLLAMA_CREATE_REMOTE"  # Ollama's own switch: everything through the server's API


def shared_blobs(server: OllamaServer) -> Path | None:
    """The folder of the server's blobs, if it is on this machine and this user's own; else None."""
    if not is_loopback(server.url) or os.environ.get(FORCED_REMOTE, "").lower() in ("1", "true", "t"):
        return None
    return next((blobs for blobs in (store / "blobs" for store in stores()) if _is_its(server, blobs)), None)


def put_blob(blobs: Path, digest: str, source: Path) -> Iterator[int]:
    """Copies a file into the folder, and yields how many bytes are there from time to time.

    It gets its name only if what was copied has that digest; whether it has is what the folder says then.
    Blocks are shared where the file system can do that. Raises OSError; nothing is left of a broken copy.
    """
    beside = blobs / f"sha256-{secrets.token_hex(5)}"  # as Ollama names what is not whole yet
    sha = hashlib.sha256()
    try:
        with open_file(source) as data:
            shared = reflink(data.fileno(), beside)
            with beside.open("rb" if shared else "xb") as out:
                for done, block in _blocks(out if shared else data):
                    sha.update(block)
                    if not shared:
                        out.write(block)
                    yield done
        if f"sha256:{sha.hexdigest()}" == digest:
            beside.chmod(0o644)
            os.utime(beside)
            beside.replace(blobs / digest.replace(":", "-"))
    finally:
        beside.unlink(missing_ok=True)


def _blocks(data: BinaryIO) -> Iterator[tuple[int, bytes]]:
    done = 0
    while block := data.read(BLOCK_BYTES):
        done += len(block)
        yield done, block


def _is_its(server: OllamaServer, blobs: Path) -> bool:
    """Whether the server has what is written into the folder. What belongs to another user is left alone."""
    content = secrets.token_bytes(32)
    digest = hashlib.sha256(content).hexdigest()
    probe = blobs / f"sha256-{digest}"
    try:
        if not hasattr(os, "geteuid") or blobs.stat().st_uid != os.geteuid():
            return False
        with probe.open("xb") as out:
            out.write(content)
    except OSError:
        return False
    try:
        return server.has_blob(f"sha256:{digest}")
    except ServerError:
        return False
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
