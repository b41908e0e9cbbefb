"""Which image files are meant by files, folders and patterns."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..core.diagnostics import Span
from ..core.errors import KitError, UsageError
from ..core.files import files_below
from ..core.os_errors import os_reason

# Of a folder only these are taken; a file that is named is tried whatever it is called.
SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".jpe", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".jp2")
)
_NO_IMAGES = "MK893"


def image_files(names: Sequence[str], *, recursive: bool = False) -> list[Path | KitError]:
    """The files in the order of the names, those of a folder or a pattern in the order of their paths.

    names: files, folders, or patterns as of the shell (`*`, `?`, `[…]`, `**`) for shells that leave them.
    recursive: also the folders in folders. A folder or pattern without images is a KitError in its place. No
    file is named twice.
    """
    found: dict[Path | KitError, None] = {}
    for name in names:
        path = Path(name)
        if not name or (name == "-" and not path.exists()):
            why = "an image is not read from standard input" if name else "the name of an image is empty"
            found[_none(name, why)] = None
        elif path.is_dir():
            files: list[Path | KitError] = list(_in_folder(path, recursive))
            why = f"the folder has no image files{'' if recursive else ' (its folders are not searched)'}"
            found.update(dict.fromkeys(files or [_none(name, why)]))
        elif glob.has_magic(name) and not path.exists():
            found.update(dict.fromkeys(_matching(name)))
        else:
            found[path] = None
    return list(found)


def _matching(pattern: str) -> list[Path | KitError]:
    try:
        matched = sorted(Path(p) for p in glob.iglob(pattern, recursive=True))  # noqa: PTH207 takes any path
    except RecursionError:
        return [_none(pattern, "the folders behind this pattern are nested too deeply")]
    files: list[Path | KitError] = [path for path in matched if not path.is_dir()]
    return files or [_none(pattern, "no file matches this pattern")]


def _in_folder(folder: Path, recursive: bool) -> Iterator[Path | KitError]:
    failed: list[OSError] = []
    try:
        found = files_below(folder, failed) if recursive else iter(_listed(folder, failed))
        yield from (path for path in found if path.suffix.lower() in SUFFIXES)
    except UsageError as too_deep:
        yield too_deep
    for error in failed:
        where = str(error.filename or folder)
        yield KitError(
            f"the folder cannot be read: {os_reason(error)}",
            help="check its permissions",
            span=Span(where),
            code="MK903",
        )


def _listed(folder: Path, failed: list[OSError]) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.is_dir())
    except OSError as error:
        failed.append(error)
        return []


def _none(name: str, why: str) -> KitError:
    return KitError(
        why,
        help="name image files, or a folder that holds some; --recursive searches its folders too",
        span=Span(name),
        code=_NO_IMAGES,
    )
