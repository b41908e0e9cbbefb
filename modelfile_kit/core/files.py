"""Writing files so that nothing half-written is ever left; reading JSON so that its faults have a place."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from .diagnostics import Span
from .errors import UsageError
from .os_errors import cannot_write, os_reason

NOT_FOUND = "was not found"


def parse_json(data: bytes | str, name: str, *, help: str = "") -> Any:
    """Plain values from JSON in UTF-8, with or without a byte order mark.

    name: of the file, for the error; help: what was expected. Raises UsageError with line and column.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = Span(name, error.lineno, error.colno)
        raise UsageError(f"not JSON: {error.msg}", span=place, help=help) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"not UTF-8 text (byte {error.start} is 0x{error.object[error.start]:02x})",
            span=Span(name),
            help=help,
        ) from error
    except RecursionError as error:
        raise UsageError("the JSON is nested too deeply to be read", span=Span(name), help=help) from error
    except ValueError as error:  # a number of more digits than Python converts
        said = str(error).partition(";")[0]
        raise UsageError(f"not JSON that can be read: {said}", span=Span(name), help=help) from error


def why_no_file(path: Path) -> str:
    """Why a path names no regular file, as the end of a sentence; "" where it names one."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return f"is a link to {path.readlink()}, which does not exist" if path.is_symlink() else NOT_FOUND
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        return f"cannot be read: {os_reason(error)}"
    if stat.S_ISDIR(mode):
        return "is a folder, expected a file"
    return "" if stat.S_ISREG(mode) else "is not a regular file"


def open_file(path: Path) -> BinaryIO:
    """A file, for reading. Raises OSError with its name where it cannot be read, or is a pipe or a device.

    A named pipe would be waited for without end, and a device has no end.
    """
    if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
        raise OSError(errno.ESPIPE, os.strerror(errno.ESPIPE), str(path))
    return open(path, "rb", opener=_at_once)


def _at_once(name: str, flags: int) -> int:
    # Should a pipe have taken the file's place since, opening it does not wait.
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def read_file(path: Path, limit: int = -1) -> bytes:
    """The bytes of a file, of a larger one the first `limit`. Raises as `open_file` does."""
    with open_file(path) as stream:
        return stream.read(limit)


def write_atomically(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Writes beside `path`, then renames: the file is the old one or the new one, never a part.

    lasting: False for an entry of a cache, which only this user reads and whose loss is none. The disk is not
    waited for then: it may have gigabytes of other files to write first.
    Raises OSError with `path` as its file name; the part that was written is removed first.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise cannot_write(error, path) from error
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        if lasting:
            part.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        part.replace(path)
    except OSError as error:
        raise cannot_write(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _umask() -> int:
    # There is no way to read it without setting it.
    mask = os.umask(0)
    os.umask(mask)
    return mask
