"""What an error of the operating system means, in words, and what to do about it.

Source of the meanings: errno(3) of Linux. The system's own words differ between systems; these do not.
"""

from __future__ import annotations

import errno
from pathlib import Path

from .diagnostics import Diagnostic, Severity, Span

CODE = "MK903"

_WORDS = {
    errno.EACCES: ("permission denied", "check the permissions of that path"),
    errno.EPERM: ("permission denied", "check the permissions of that path"),
    errno.ENOENT: ("not found", "check the path; a relative one counts from the current folder"),
    errno.ESPIPE: (
        "it is a pipe or a device, not a file",
        "give the path of a file; where a command takes `-`, that reads standard input",
    ),
    errno.EISDIR: ("it is a folder", "give the path of a file in it"),
    errno.ENOTDIR: (
        "a part of the path is a file, not a folder",
        "check the path: a part of it is a file, not a folder",
    ),
    errno.EEXIST: ("it exists already", "give another path, or move what is there"),
    errno.ENOTEMPTY: ("the folder is not empty", "give another path, or move what is there"),
    errno.ELOOP: (
        "its symbolic links lead round in a circle",
        "these symbolic links lead round in a circle; give the path of the file itself",
    ),
    errno.ENAMETOOLONG: ("the name is too long", "give a shorter path"),
    errno.EROFS: ("the file system is read-only", "give a path on a disk that can be written"),
    errno.ENOSPC: ("the disk is full", "free some space on that disk; nothing half-written was left"),
    errno.EDQUOT: (
        "your quota on that disk is used up",
        "free some of your quota on that disk; nothing half-written was left",
    ),
    errno.EFBIG: (
        "the file would be larger than allowed",
        "raise the limit (`ulimit -f`), or use another disk",
    ),
    errno.EMFILE: ("too many files are open", "raise the limit of open files (`ulimit -n`)"),
    errno.ENFILE: ("too many files are open on this machine", "close other programs"),
    errno.ENOMEM: ("out of memory", "close other programs"),
    errno.EIO: ("the disk failed to read or write", "check the disk"),
    errno.ENOEXEC: ("it is no program for this machine", "name a program that was built for this machine"),
    errno.ETXTBSY: ("a running program uses it", "end that program first"),
}


class NoFolderError(FileNotFoundError):
    """The folder that a file should be written into does not exist; `filename` is the file."""


_NO_FOLDER = ("its folder does not exist", "make the folder first, or give a path in one that exists")


def cannot_write(error: OSError, path: Path) -> OSError:
    """The error about the file that should be written, where a file beside it was the first step."""
    if isinstance(error, FileNotFoundError) and not path.parent.exists():
        return NoFolderError(error.errno, error.strerror, str(path))
    return type(error)(error.errno, error.strerror, str(path))


def os_finding(error: OSError) -> Diagnostic:
    """The error as a finding about the file that it names."""
    place = Span(str(error.filename)) if error.filename is not None else None
    return Diagnostic(CODE, Severity.ERROR, os_reason(error), place, os_next_step(error))


def os_reason(error: BaseException) -> str:
    """Why the system refused, as the end of a sentence ("… cannot be read: not found").

    For an error without a number, its own text.
    """
    if isinstance(error, NoFolderError):
        return _NO_FOLDER[0]
    number = getattr(error, "errno", None)
    if number in _WORDS:
        return _WORDS[number][0]
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def os_next_step(error: BaseException) -> str:
    """What to do about it; empty where nothing is known."""
    if isinstance(error, NoFolderError):
        return _NO_FOLDER[1]
    return _WORDS.get(getattr(error, "errno", None) or 0, ("", ""))[1]
