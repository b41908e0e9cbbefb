"""Brings a file onto this machine: beside its place first, checked, then renamed.

A large file of a known size comes by several connections (`connections`), into PLACE.pieces, which says how
much of each piece is there. Any other comes as one stream into PLACE.incomplete, whose bytes are a beginning
of the file, as huggingface_hub's are; a file with gaps must not have that name.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..core.diagnostics import Span
from ..core.errors import SourceError
from ..core.locks import LOCKS, is_at, lock
from ..core.os_errors import cannot_write
from ..core.progress import tell_step
from .byte_source import LIES
from .connections import Opening, chosen_connections, fetch_pieces
from .pieces import Pieces, piece_bytes, write_all
from .repository import Repository, RepositoryFile, Told

BLOCK_BYTES = 1 << 20
NO_ROOM = "MK492"
MARK_CHARS = 8  # of the digest of what a server calls a state, in the name of an unfinished file
LOCK_SECONDS = 0.2  # between two looks whether another process has ended its download


def fetch_to_place(
    repository: Repository, file: RepositoryFile, told: Told | None, *, title: str, version: str = ""
) -> Path:
    """The place of a repository's file, to which it is brought where it is not there yet; as `download`."""
    if (here := repository.local(file)) is not None:
        return here
    return download(
        lambda at, end=None: repository.open(file, at, to_end=True, end=end),
        repository.place(file),
        file,
        title=title,
        told=told,
        version=version,
    )


def download(
    opened: Opening,
    place: Path,
    file: RepositoryFile,
    *,
    title: str,
    told: Told | None = None,
    version: str = "",
    loose: bool = False,
) -> Path:
    """Writes a file to its place.

    opened: the contents from a byte on; place: of the finished file; title: for messages. version: where the
    file has no digest, the server's name of the one state that is wanted, if that is known. loose: the place
    is that of every state of the file, as in a folder of the user's; without a digest nothing would tell
    whether what a break left is of the wanted one, so its name does.
    What a break left is gone on with. While another process fetches the same file, this one waits for it.
    Raises SourceError where the contents are not those that were listed (nothing is left then) and where the
    disk has no room (MK492); OSError with the place where it cannot be written.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        while not place.is_file():
            part = _part_of(place, file, version if loose else None)
            with _alone(part, file, told) as stream:
                if stream is None:  # another process has finished meanwhile, or has given up
                    continue
                if loose and not _is_told_apart(file, version):
                    stream.truncate(0)
                _must_have_room(stream, place, file, title)
                if part.suffix == ".pieces":
                    _fill_pieces(opened, stream, file, title, told, version)
                else:
                    _fill(opened, stream, file, title, told)
                stream.flush()
                os.fsync(stream.fileno())
                part.replace(place)
        if loose:
            _remove_other_parts(place)
    except OSError as e:
        raise cannot_write(e, place) from e
    return place


def free_bytes(folder: Path) -> int:
    """How much can be written below a folder, which need not be there yet."""
    there = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    return shutil.disk_usage(there).free


def no_room(title: str, need: int, free: int, folder: Path) -> SourceError:
    """The error where files do not fit on a disk."""
    return SourceError(
        f"needs {need / 1e9:,.2f} GB, and {folder} has {free / 1e9:,.2f} GB free",
        span=Span(title),
        help="make room, or use another disk: `mkmodelfile pull --output`, HF_HOME, MODELFILE_KIT_FILES",
        code=NO_ROOM,
    )


def still_missing(place: Path, file: RepositoryFile, *, version: str = "", loose: bool = False) -> int:
    """Bytes that a download to this place would fetch, as far as that is known; the rest as of `download`."""
    if place.is_file() or file.size is None:
        return 0
    if loose and not _is_told_apart(file, version):
        return file.size
    part = _part_of(place, file, version if loose else None, look_only=True)
    try:
        with part.open("r+b", buffering=0) as stream:
            return max(0, file.size - _there(stream, part, file))
    except OSError:
        return file.size


def _part_of(
    place: Path, file: RepositoryFile, version: str | None = None, *, look_only: bool = False
) -> Path:
    """The unfinished file: one with pieces for a large file, and wherever there is one already.

    version: of a file whose place does not say its state, None of others.
    """
    mark = ""
    if version is not None and not file.digest and (state := _state(file, version)):
        mark = f".{hashlib.sha256(state.encode('utf-8', 'surrogatepass')).hexdigest()[:MARK_CHARS]}"
    begun, pieces = (place.with_name(f"{place.name}{mark}{end}") for end in (".incomplete", ".pieces"))
    if file.size is None:
        return begun
    if pieces.exists():
        return pieces
    if chosen_connections() < 2 or file.size < 2 * piece_bytes(file.size):
        return begun
    if begun.exists():  # what came as one stream is a beginning: it becomes the first pieces
        if look_only:
            return begun
        with contextlib.suppress(OSError):  # not every disk has hard links
            pieces.hardlink_to(begun)
            begun.unlink()
    return pieces


def _is_told_apart(file: RepositoryFile, version: str) -> bool:
    """Whether one state of the file can be told from another."""
    return bool(file.digest or _state(file, version))


def _remove_other_parts(place: Path) -> None:
    """Removes what breaks left of other states of the file, unless another process is at it."""
    pattern = re.compile(rf"{re.escape(place.name)}(\.[0-9a-f]{{{MARK_CHARS}}})?\.(incomplete|pieces)")
    for part in place.parent.iterdir():
        if pattern.fullmatch(part.name) and part.is_file():
            with contextlib.suppress(OSError), part.open("r+b") as stream:
                if not LOCKS or lock(stream.fileno()):
                    part.unlink()


def _there(stream: BinaryIO, part: Path, file: RepositoryFile) -> int:
    if part.suffix != ".pieces":
        return stream.seek(0, os.SEEK_END)
    return Pieces(stream, file.size or 0, _state(file, ""), look_only=True).done


def _state(file: RepositoryFile, version: str) -> str:
    return file.digest or file.etag or version


def _must_have_room(stream: BinaryIO, place: Path, file: RepositoryFile, title: str) -> None:
    need = (file.size or 0) - _blocks(stream)
    free = free_bytes(place.parent)
    if need > free:
        raise no_room(title, need, free, place.parent)


def _blocks(stream: BinaryIO) -> int:
    """What the unfinished file takes of the disk already, without its gaps."""
    state = os.fstat(stream.fileno())
    return getattr(state, "st_blocks", 0) * 512 or state.st_size


def _fill_pieces(
    opened: Opening, stream: BinaryIO, file: RepositoryFile, title: str, told: Told | None, version: str
) -> None:
    size = file.size or 0
    pieces = Pieces(stream, size, _state(file, version))
    if not pieces.done and told is not None:
        told(0, size)
    wanted = None if file.digest.startswith("sha256:") else version
    digest = fetch_pieces(opened, pieces, title=title, told=told, version=wanted)
    if file.digest.startswith("sha256:") and digest != file.digest[7:]:
        stream.truncate(0)
        raise _other_digest(title, digest, file)
    os.fsync(stream.fileno())
    pieces.cut_list_off()


def _fill(opened: Opening, stream: BinaryIO, file: RepositoryFile, title: str, told: Told | None) -> None:
    digest = hashlib.sha256()
    stream.seek(0)
    while block := stream.read(BLOCK_BYTES):
        digest.update(block)
        tell_step("hash", title, stream.tell(), file.size or 0)
    have = stream.tell()
    if file.size is not None and have > file.size:
        have, digest = 0, hashlib.sha256()
        stream.seek(0)
        stream.truncate()
    size = file.size
    if have != size:
        source = opened(have)
        try:
            while block := source.read(BLOCK_BYTES):
                write_all(stream, block)
                digest.update(block)
                have += len(block)
                size = source.size if size is None else size
                if size is not None and have > size:
                    break
                if told is not None:
                    told(have, size or 0)
        finally:
            source.close()
    error = None
    if size is not None and have != size:
        error = _contradicts(title, f"{have:,} bytes came, expected {size:,}")
        if have < size:  # what came stays, and is gone on with
            raise error
    elif file.digest.startswith("sha256:") and digest.hexdigest() != file.digest[7:]:
        error = _other_digest(title, digest.hexdigest(), file)
    if error is not None:
        stream.seek(0)
        stream.truncate()
        raise error


def _other_digest(title: str, digest: str, file: RepositoryFile) -> SourceError:
    return _contradicts(title, f"the bytes have the SHA-256 {digest}, the list says {file.digest[7:]}")


def _contradicts(title: str, what: str) -> SourceError:
    return SourceError(what, span=Span(title), help="try again; what was sent is not used", code=LIES)


@contextlib.contextmanager
def _alone(part: Path, file: RepositoryFile, told: Told | None) -> Iterator[BinaryIO | None]:
    """The unfinished file, which no other process writes meanwhile; None after another process had it."""
    if part.is_symlink():  # nothing of ours: it may lead to a file that nobody wants written
        part.unlink()
    more = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | more, 0o666)
    with os.fdopen(descriptor, "r+b", buffering=0) as stream:
        if _locked(descriptor, part):
            yield stream
            return
        while lock(descriptor) is False:
            if told is not None and file.size is not None:
                told(min(_there(stream, part, file), file.size), file.size)
            time.sleep(LOCK_SECONDS)
        yield None


def _locked(descriptor: int, part: Path) -> bool:
    return not LOCKS or (lock(descriptor) is not False and is_at(descriptor, part))
