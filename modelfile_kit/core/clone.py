"""A second name for a large file: without copying where the file system can do that."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
from pathlib import Path
from typing import BinaryIO, Literal

from .files import open_file, real_path
from .progress import tell_step

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

Way = Literal["reflink", "hard link", "copy"]

_FICLONE = 0x40049409  # linux/fs.h: the new file shares the blocks of the old one


def clone_file(source: Path, target: Path) -> Way:
    """Makes `target`, which is not there yet, a file with the contents of `source`; says how.

    A reflink first (btrfs, XFS), which is a file of its own; then a hard link, which is the same file; then a
    copy. Raises OSError with the name of the file that could not be read or written, and where the disk has
    no room for a copy; nothing is left of it then.
    """
    source = real_path(source)
    with open_file(source) as data:
        try:
            if reflink(data.fileno(), target):
                return "reflink"
            with contextlib.suppress(OSError):  # another file system, or one without hard links
                target.hardlink_to(source)
                return "hard link"
            _copy(data, target)
            return "copy"
        except BaseException:
            target.unlink(missing_ok=True)
            raise


def reflink(data: int, target: Path) -> bool:
    """Makes `target`, which is not there yet, a file with the blocks of an open one; whether that can be.

    data: the descriptor of that one. Where it cannot be, nothing is left.
    """
    if fcntl is None or sys.platform != "linux":
        return False
    with target.open("xb") as out:
        try:
            fcntl.ioctl(out.fileno(), _FICLONE, data)
            return True
        except OSError:
            pass
    target.unlink()
    return False


def _copy(data: BinaryIO, target: Path) -> None:
    size = os.fstat(data.fileno()).st_size
    if shutil.disk_usage(target.parent).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
    with target.open("xb") as out:
        copy_told(data, out, target.name, size)
        out.flush()
        os.fsync(out.fileno())


def copy_told(data: BinaryIO, out: BinaryIO, name: str, size: int) -> None:
    """Copies a stream of so many bytes to its end, and tells how far it is (`core.progress`)."""
    done = 0
    while block := data.read(1 << 20):
        out.write(block)
        done += len(block)
        tell_step("copy", name, done, size)
