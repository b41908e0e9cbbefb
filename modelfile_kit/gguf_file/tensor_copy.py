"""Tensor data from one file to another with as little work as the file system allows.

Btrfs, XFS and others can let two files share blocks (a reflink, ioctl_ficlonerange(2) of Linux): nothing is
copied, and nothing takes room. The place in both files has to be the same within a block. Where that is not
possible the kernel copies (copy_file_range(2)), and where it does not, this program does.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from pathlib import Path
from typing import BinaryIO

from ..core.progress import tell_step

COPY_BYTES = 4 * 1024**2
"""One read where this program copies: large enough for full speed, small beside any model."""

KERNEL_BYTES = 1 << 30
"""One request to the kernel; between two of them an interrupt is seen."""

SHARED_FROM = 1 << 20
"""Data below this is copied: what a reflink would save is less than the padding is worth."""

MAX_BLOCK = 65_536
"""The largest block of a file system for which a header is padded."""

# linux/fs.h: _IOW(0x94, 13, struct file_clone_range) on the machines whose ioctls have the common layout.
_FICLONERANGE = 0x4020940D
_RANGE = struct.Struct("=qQQQ")  # the source's descriptor and offset, length (0: to its end), destination
_NOT_BY_KERNEL = {
    *(errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM, errno.ETXTBSY),
    *(errno.EBADF, errno.ENOTTY, errno.EIO),
}


def block_size(file: BinaryIO) -> int:
    """The size of the file system's blocks; 0 where this system has no reflinks."""
    if not sys.platform.startswith("linux"):
        return 0
    try:
        size = os.fstatvfs(file.fileno()).f_bsize
    except OSError:
        return 0
    return size if 0 < size <= MAX_BLOCK and size & (size - 1) == 0 else 0


def share(source: BinaryIO, start: int, out: BinaryIO, at: int, block: int) -> bool:
    """Lets `out` share the source's blocks from `start` to its end; False where the file system cannot.

    start, at: the places in the source and in `out`, whole numbers of blocks. `out` is not changed by a
    refusal.
    """
    if sys.platform == "win32" or not block or start % block or at % block:
        return False
    import fcntl

    out.flush()
    try:
        asked = _RANGE.pack(source.fileno(), start, 0, at)
        fcntl.ioctl(out.fileno(), getattr(fcntl, "FICLONERANGE", _FICLONERANGE), asked)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        return False
    return True


def copy(source: BinaryIO, start: int, out: BinaryIO, at: int, count: int | None = None) -> None:
    """Copies bytes of the source, from `start`, to the place `at` of `out`. count: how many, None for all."""
    out.flush()
    end = os.fstat(source.fileno()).st_size
    left = max(end - start, 0) if count is None else min(count, max(end - start, 0))
    whole = left
    copied = _by_kernel(source, start, out, at, left)
    source.seek(start + copied)
    out.seek(at + copied)
    left -= copied
    while left and (block := source.read(min(COPY_BYTES, left))):
        out.write(block)
        left -= len(block)
        tell_step("copy", Path(source.name).name, whole - left, whole)


def _by_kernel(source: BinaryIO, start: int, out: BinaryIO, at: int, count: int) -> int:
    """How many bytes the kernel copied; what is left is for us, and so is saying why it cannot be."""
    if sys.platform != "linux":
        return 0
    done = 0
    while done < count:
        part = min(KERNEL_BYTES, count - done)
        try:
            copied = os.copy_file_range(source.fileno(), out.fileno(), part, start + done, at + done)
        except OSError as error:
            if error.errno in _NOT_BY_KERNEL:
                return done
            raise
        if not copied:
            return done
        done += copied
        tell_step("copy", Path(source.name).name, done, count)
    return done
