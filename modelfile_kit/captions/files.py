"""Which image files are meant by files, folders and patterns."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..core.diagnostics import Span
from ..core.errors import KitError
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
            matched = sorted(Path(p) for p in glob.iglob(name, recursive=True))  # noqa: PTH207 takes any path
            files = [p for p in matched if not p.is_dir()]
            found.update(dict.fromkeys(files or [_none(name, "no file matches this pattern")]))
        else:
            found[path] = None
    return list(found)


def _in_folder(folder: Path, recursive: bool) -> Iterator[Path | KitError]:
    failed: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=failed.append):
        folders.sort()
        yield from (Path(place, n) for n in sorted(names) if Path(n).suffix.lower() in SUFFIXES)
        if not recursive:
            break
    for error in failed:
        where = str(error.filename or folder)
        yield KitError(
            f"the folder cannot be read: {os_reason(error)}",
            help="check its permissions",
            span=Span(where),
            code="MK903",
        )


def _none(name: str, why: str) -> KitError:
    return KitError(
        why,
        help="name image files, or a folder that holds some; --recursive searches its folders too",
        span=Span(name),
        code=_NO_IMAGES,
    )
