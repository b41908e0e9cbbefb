"""Writing files so that nothing half-written is ever left; reading JSON so that its faults have a place."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

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
        raise UsageError(f"not JSON that can be read: {error}", span=Span(name), help=help) from error


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


def write_atomically(path: Path, data: bytes) -> None:
    """Writes beside `path`, then renames: the file is the old one or the new one, never a part.

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
            file.flush()
            os.fsync(file.fileno())
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
