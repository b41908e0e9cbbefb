"""Writing files so that nothing half-written is ever left; reading JSON so that its faults have a place."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from .diagnostics import Span
from .errors import UsageError
from .file_kinds import PACKAGE_FILES, is_gguf, kind_of
from .os_errors import cannot_write, os_reason

NOT_FOUND = "was not found"
MAX_TEXT_BYTES = 64 << 20
"""Of a text: a tokenizer_config.json lists the added tokens of large vocabularies, some 10 MB at most."""
MAX_NESTED_FOLDERS = 100
"""Folders in folders that are searched; a path of so many is no one's own."""


def parse_json(data: bytes | str, name: str, *, help: str = "") -> Any:
    """Plain values from JSON in UTF-8, with or without a byte order mark.

    name: of the file, for the error; help: what was expected. Raises UsageError with line and column.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        return json.loads(text)
    except json.JSONDecodeError as error:
        _require_no_other_kind(data, name, help, error)
        place = Span(name, error.lineno, error.colno)
        raise UsageError(f"not JSON: {error.msg}", span=place, help=help) from error
    except UnicodeDecodeError as error:
        _require_no_other_kind(data, name, help, error)
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


def _require_no_other_kind(data: bytes | str, name: str, help: str, cause: ValueError) -> None:
    """Raises UsageError for what is no JSON since it is another kind of file."""
    kind = kind_of(data)
    if kind is not None:
        hint = f"{help}; {kind.taken_by}" if help else kind.taken_by
        raise UsageError(f"this is {kind.what}, expected JSON", span=Span(name), help=hint) from cause


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


_OUTPUTS: dict[tuple[int, int], str] = {}
"""The files that the command is told to write, by device and inode, and the option that says so."""
_READ: set[tuple[int, int]] = set()
"""Those of them that it went to read: whoever takes this for an unreadable file goes on."""


@contextlib.contextmanager
def told_to_write(outputs: Iterable[tuple[str, Path]]) -> Iterator[None]:
    """Inside, what a command is told to write is none of the files that it reads.

    outputs: pairs of an option and its file. Two names for one file (a link, another case) are one file.
    Raises UsageError for two outputs that are one file; inside, `open_file` raises it for an output.
    """
    names: dict[str, str] = {}
    found: dict[tuple[int, int], str] = {}
    for option, path in outputs:
        number = _number_of(path)
        if number is None and path.exists():
            continue  # a device, or a folder: whoever writes says so
        real = os.path.realpath(path)
        other = names.get(real) or (found.get(number) if number else None)
        if other is not None:
            both = f"{other} and {option}" if other != option else f"{option}, twice"
            raise UsageError(
                f"is to be written by {both}, and the second would replace the first",
                span=Span(str(path)),
                help="give each its own file",
            )
        names[real] = option
        if number:
            found[number] = option
    before = dict(_OUTPUTS)
    _OUTPUTS.update(found)
    try:
        yield
    finally:
        _OUTPUTS.clear()
        _OUTPUTS.update(before)
        _READ.intersection_update(before)


def require_no_output(path: Path) -> None:
    """Raises UsageError for a file that is read, and that the command is told to write."""
    if _OUTPUTS and (number := _number_of(path)) and number in _OUTPUTS:
        _READ.add(number)
        raise _would_replace(path, _OUTPUTS[number])


def require_unread(path: Path) -> None:
    """Raises UsageError where a file is about to be written that the command went to read."""
    if _READ and (number := _number_of(path)) in _READ and number:
        raise _would_replace(path, _OUTPUTS[number])


def _would_replace(path: Path, option: str) -> UsageError:
    return UsageError(
        f"is read by this command, and {option} would replace it",
        span=Span(str(path)),
        help=f"give {option} another file",
    )


def _number_of(path: Path) -> tuple[int, int] | None:
    """What tells a file from others, whatever its name; None for a pipe, a device and what is not there."""
    try:
        info = path.stat()
    except (OSError, ValueError):
        return None
    return (info.st_dev, info.st_ino) if stat.S_ISREG(info.st_mode) and info.st_ino else None


def open_file(path: Path) -> BinaryIO:
    """A file, for reading. Raises OSError with its name where it cannot be read, or is a pipe or a device.

    A named pipe would be waited for without end, and a device has no end. Raises UsageError for a file that
    the command is told to write.
    """
    _require_no_zero(path)
    _require_regular(path, path.stat())
    require_no_output(path)
    return _opened(path)


def _opened(path: Path) -> BinaryIO:
    stream = open(path, "rb", opener=_at_once)  # noqa: SIM115 -- the caller's
    try:
        # Something else can have taken its place since.
        _require_regular(path, os.fstat(stream.fileno()))
    except OSError:
        stream.close()
        raise
    return stream


def _require_regular(path: Path, info: os.stat_result) -> None:
    if not stat.S_ISREG(info.st_mode) and not stat.S_ISDIR(info.st_mode):
        raise OSError(errno.ESPIPE, os.strerror(errno.ESPIPE), str(path))


def _require_no_zero(path: Path) -> None:
    if "\0" in str(path):  # of which Python raises ValueError
        raise OSError(errno.EINVAL, "its name has a zero byte", str(path))


def _at_once(name: str, flags: int) -> int:
    # Should a pipe have taken the file's place since, opening it does not wait.
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def read_file(path: Path, limit: int = -1) -> bytes:
    """The bytes of a file, of a larger one the first `limit`. Raises as `open_file` does."""
    with open_file(path) as stream:
        try:
            return stream.read(limit)
        except OSError as error:  # an error of reading has no name, as one of stdout
            raise type(error)(error.errno, error.strerror, str(path)) from error


def is_gguf_file(path: Path) -> bool:
    """Whether a file begins as a GGUF. Raises as `open_file` does."""
    return is_gguf(read_file(path, 8))


def stamp(path: Path) -> tuple[int, ...]:
    """What changes when a file does, for what is remembered of it; () where it cannot be asked."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def package_file_in(folder: Path) -> Path | None:
    """The package file of a folder; None where there is none, or `folder` is no folder."""
    return next((file for name in PACKAGE_FILES if (file := folder / name).is_file()), None)


def read_bounded(path: Path, expected: str, limit: int = MAX_TEXT_BYTES) -> bytes:
    """The bytes of a file that has at most `limit` of them, by default more than any text of a package.

    expected: what the file should be. Raises UsageError for a larger one, and as `open_file` does.
    """
    data = read_file(path, limit + 1)
    if len(data) > limit:
        raise UsageError(
            f"has more than {limit:,} bytes, expected {expected}",
            span=Span(str(path)),
            help="name another file, or remove what does not belong there",
        )
    return data


def files_below(folder: Path, failed: list[OSError]) -> Iterator[Path]:
    """The files in a folder, by name, then those in the folders in it; links to folders are not followed.

    failed: gets the errors of folders that cannot be listed. Raises UsageError for folders that are nested
    deeper than anybody nests them.
    """
    yield from _below(folder, failed, MAX_NESTED_FOLDERS)


def _below(folder: Path, failed: list[OSError], left: int) -> Iterator[Path]:
    require_shallow(folder, left)
    try:
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
    except OSError as error:
        failed.append(error)
        return
    yield from (folder / entry.name for entry in entries if entry.is_file())
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _below(folder / entry.name, failed, left - 1)


def require_shallow(folder: Path, left: int) -> None:
    """Raises UsageError where a walk through folders has none of `MAX_NESTED_FOLDERS` left."""
    if left > 0:
        return
    parts = folder.parts
    raise UsageError(
        f"folders are nested more than {MAX_NESTED_FOLDERS} deep here",
        span=Span(str(Path(*parts[:12], "…") if len(parts) > 12 else folder)),
        help="name the folder that holds the files itself",
    )


def from_here(path: Path) -> Path:
    """An absolute path as it is from the current folder, for people; of another drive as it is."""
    try:
        return Path(os.path.relpath(path))
    except (OSError, ValueError):  # the current folder is gone; Windows
        return path


def real_path(path: Path) -> Path:
    """The absolute path with its links followed; one that runs in a circle stays as it is.

    `Path.resolve` raises RuntimeError for a circle, until Python 3.13.
    """
    return Path(os.path.realpath(path))


def without_detours(path: Path) -> Path:
    """The path without `..` where that means the same file; behind a link to a folder it may not."""
    short = Path(os.path.normpath(path))
    return short if os.path.realpath(short) == os.path.realpath(path) else path


def write_atomically(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Writes beside `path`, then renames: the file is the old one or the new one, never a part.

    lasting: False for an entry of a cache, which only this user reads and whose loss is none. The disk is not
    waited for then: it may have gigabytes of other files to write first.
    Raises OSError with `path` as its file name; the part that was written is removed first. UsageError where
    a model would be lost.
    """
    _require_no_zero(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    _require_replaceable(path, data)
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


def _require_replaceable(path: Path, data: bytes) -> None:
    """Raises OSError for a pipe or a device, UsageError for a model that would become something else.

    Renaming takes the place of a device as it takes that of a file: root would have no /dev/null any more.
    """
    if path.is_symlink() and real_path(path.parent) == Path("/dev"):  # /dev/stdout can lead to a file
        raise OSError(errno.ESPIPE, os.strerror(errno.ESPIPE), str(path))
    if not path.exists():
        return
    _require_regular(path, path.stat())
    if is_gguf(data) or not os.access(path, os.R_OK):
        return
    with _opened(path) as stream:  # looking at what is replaced is no reading of an input
        is_model = is_gguf(stream.read(8))
    if is_model:
        raise UsageError(
            "this is a GGUF file, and what would take its place is not a model",
            span=Span(str(path)),
            help="give the path of another file to write into",
        )


def _umask() -> int:
    # There is no way to read it without setting it.
    mask = os.umask(0)
    os.umask(mask)
    return mask
