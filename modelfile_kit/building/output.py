"""Writes the files of a build: all of them whole, or none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..core.beside import folder_beside
from ..core.clone import clone_file
from ..core.diagnostics import Span
from ..core.errors import UsageError
from ..core.files import read_file
from ..core.locks import LOCKS, lock
from ..core.os_errors import os_reason

CANNOT_WRITE = "MK903"
STAGED = "mkmodelfile"  # in the name of the folder that holds the files before they get their names
MODELFILE = "Modelfile"
_HEAD = b"# Written by mkmodelfile "  # templates/*/Modelfile.j2
_HEAD_BYTES = 4096


def write_files(folder: Path, files: Mapping[str, bytes | Path]) -> None:
    """Writes each file beside its place, then renames them one after the other, as one of several builds.

    folder: made if it is not there, and taken away again when nothing could be written. files: by their names
    in it, with `/` between folders: the bytes, or a file whose contents they are, which is copied only where
    the file system can do no better.
    Raises UsageError (exit code 2): nothing is left of what had been written by then.
    """
    made = _make(folder)
    try:
        with folder_beside(folder / STAGED) as staging:
            for name, data in files.items():
                (staging / name).parent.mkdir(parents=True, exist_ok=True)
                if isinstance(data, Path):
                    clone_file(data, staging / name)
                    continue
                with (staging / name).open("wb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
            with _alone_in(folder):
                for name in files:
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    (staging / name).replace(folder / name)
        made = []
    except OSError as e:
        raise _cannot(folder, e) from e
    finally:
        for new in made:
            with contextlib.suppress(OSError):
                new.rmdir()


def require_own(folder: Path, names: Iterable[str] = (MODELFILE,)) -> None:
    """Raises UsageError where a build would replace or remove a file that no build has written.

    names: of the files. Every build writes a Modelfile whose head says so; what is beside that one is a
    build's too.
    """
    there = next((folder / name for name in names if os.path.lexists(folder / name)), None)
    modelfile = folder / MODELFILE
    if there is None or (modelfile.is_file() and _HEAD in read_file(modelfile, _HEAD_BYTES)):
        return
    raise UsageError(
        "is there already, and no build has written it: this one would take its place",
        span=Span(str(there)),
        help="name another folder with --output, or move the file",
    )


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Other builds wait with their renaming, so that all files are those of one of them."""
    if not LOCKS:  # and a folder cannot be opened on Windows
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        lock(descriptor, wait=True)
        yield
    finally:
        os.close(descriptor)


def _make(folder: Path) -> list[Path]:
    """Makes a folder; returns those that were not there before, the innermost first."""
    new = [p for p in (folder, *folder.parents) if not p.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        for made in new:
            with contextlib.suppress(OSError):
                made.rmdir()
        raise _cannot(folder, e) from e
    return new


def _cannot(folder: Path, error: OSError) -> UsageError:
    if folder.is_file():
        return UsageError(
            "is a file, expected a folder to write into",
            span=Span(str(folder)),
            help="name a folder with --output",
            code=CANNOT_WRITE,
        )
    return UsageError(
        f"cannot write into {folder}: {os_reason(error)}",
        span=Span(str(folder)),
        help="make room or correct the permissions, or name another folder with --output",
        code=CANNOT_WRITE,
    )
