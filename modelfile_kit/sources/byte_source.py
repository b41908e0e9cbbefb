"""Where the bytes of a file come from: a disk, or a URL read by HTTP range requests.

A header is read once, from its beginning, in blocks; so a source only ever reads on. A file is read,
not mapped: a mapped file that somebody truncates meanwhile kills the process.
"""

from __future__ import annotations

import contextlib
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from ..core.diagnostics import Span
from ..core.errors import GGUFError, SourceError
from ..core.files import open_file
from ..core.http_client import Budget, open_client, under
from ..core.near_words import near_word
from ..core.os_errors import os_reason
from ..core.urls import hide_logins, shown_url, without_login
from .folder import describe_folder
from .name import near_name

if TYPE_CHECKING:
    import httpx

READ_SECONDS = 30.0
"""How long a silent server is waited for."""

HEADER_SECONDS = 600.0
"""How long is waited for all of a header: the largest real ones, of 40 MB, come in 320 s by 1 Mbit/s."""


LIES = "MK488"

# Numbers of more digits are no sizes, and Python refuses to read those of more than 4,300.
_LENGTH = re.compile(r"[0-9]{1,18}")
_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)")
SHOWN_CHARS = 100  # of a foreign header
SKIPPED_BYTES = 1 << 20  # at once


class Source(Protocol):
    """Bytes from a beginning on. `size` is the total, None while unknown.

    name: for messages; place: where the file lies on this machine, or will lie, None where that is not known.
    """

    name: str
    size: int | None
    place: Path | None

    def read(self, count: int) -> bytes:
        """The next bytes, fewer than `count` (at least one) only before the end; b"" at the end."""

    def close(self) -> None:
        """Ends the connection or closes the file."""


Refusal = Callable[[int, Mapping[str, str]], GGUFError | None]
"""Says in words why a server refuses a file, from the status and the headers; None where it knows no more."""


class FileSource:
    """A regular file; start: of the bytes that are read."""

    def __init__(self, path: Path, start: int = 0) -> None:
        self.name = str(path)
        self.place: Path | None = path
        self.size: int | None = None
        try:
            info = path.stat()
            if not stat.S_ISREG(info.st_mode):
                what, advice = "is not a regular file", "give the path of a GGUF file"
                if stat.S_ISDIR(info.st_mode):
                    what, advice = describe_folder(path)
                raise _unreadable(self.name, what, advice)
            self.size = info.st_size
            self._file: BinaryIO = open_file(path)
            self._file.seek(start)
        except FileNotFoundError:
            if path.is_symlink():
                missing = f"is a link to {path.readlink()}, which does not exist"
                raise _unreadable(self.name, missing, "fetch that file, or give another path") from None
            advice = near_name(str(path)) or _similar(path)
            raise _unreadable(self.name, "file not found", advice) from None
        except (OSError, ValueError) as e:  # ValueError: a path with a zero byte
            raise _unreadable(
                self.name, f"cannot be read: {os_reason(e)}", "check the path and its permissions"
            ) from e

    def read(self, count: int) -> bytes:
        try:
            return self._file.read(count)
        except OSError as e:
            raise _unreadable(self.name, f"cannot be read: {os_reason(e)}", "check the disk") from e

    def close(self) -> None:
        self._file.close()


class HTTPSource:
    """A URL. A server that does not know ranges is read as a stream, which is left when enough is read.

    taken: bytes that were read.
    """

    place: Path | None = None

    def __init__(
        self,
        url: str,
        *,
        name: str = "",
        start: int = 0,
        end: int | None = None,
        promised: int | None = None,
        key: str = "",
        to_end: bool = False,
        refusal: Refusal | None = None,
    ) -> None:
        """url: may hold a login. name: for messages, by default the URL; start: of the bytes that are read.

        promised: the size that another source says, which the server's answers are held to. key: a bearer
        token, for the origin of the URL alone. to_end: all of it will be read, or all before `end`, so it
        comes in one answer.
        """
        import httpx

        self.name = name or shown_url(url)
        self.size: int | None = None
        self.taken = 0
        self._promised = promised
        self._refusal = refusal
        self._at = start
        # After redirects: a hub sends to a signed address, which is asked from then on.
        self._url, login = without_login(url)
        self._version: tuple[str, str, int | None] | None = None
        self._stream: Iterator[bytes] | None = None
        self._rest = b""
        self._ranged = False
        self._response: httpx.Response | None = None
        self._to_end = to_end
        self._end = end
        self._budget = Budget() if to_end else Budget(HEADER_SECONDS)
        try:
            self._client = open_client(self._url, silence=READ_SECONDS, login=login, key=key, follow=True)
        except (httpx.InvalidURL, ValueError) as e:
            raise _unreadable(self.name, f"is no address: {e}", "check the address") from e
        self._client.headers["Accept-Encoding"] = "identity"

    def read(self, count: int) -> bytes:
        import httpx

        bound = self.size if self._end is None else self._end
        if bound is not None and self._at >= bound:
            return b""
        try:
            data = self._read_stream(count) if self._stream else self._read_range(count)
        except (httpx.HTTPError, httpx.InvalidURL) as e:
            advice = "check the address and the connection, or download the file and give its path"
            reason = hide_logins(re.sub(r"\A\[Errno -?\d+\] ", "", str(e))) or type(e).__name__
            if isinstance(e, httpx.TimeoutException):
                advice = f"{advice}; --deadline and --min-rate say how much is borne"
            raise _unreadable(self.name, f"cannot be read: {reason}", advice) from e
        self._at += len(data)
        self.taken += len(data)
        if not data and count and bound is not None and self._at < bound:
            raise self._lie(f"the server sends nothing from byte {self._at:,} on, of {bound:,} it promised")
        return data

    def again(self, start: int, end: int | None = None) -> None:
        """Goes on at another place, by the same connection where that is at rest; the budget stays one."""
        import httpx

        if self._response is not None:
            with contextlib.suppress(httpx.HTTPError):
                if not self._rest:
                    next(self._stream or iter(()), b"")  # so that it knows that this answer has ended
                self._response.close()
        self._response = self._stream = None
        self._rest = b""
        self._at, self._end = start, end

    def close(self) -> None:
        self._client.close()

    @property
    def by_ranges(self) -> bool:
        """Whether the server has answered with a range, and not with all of it."""
        return self._ranged

    @property
    def version(self) -> str:
        """What the server calls this state of the file: its ETag, else its date; "" before the first read."""
        etag, date, _ = self._version or ("", "", None)
        return etag or date

    def _read_range(self, count: int) -> bytes:
        last = self._at + count - 1 if not self._to_end else "" if self._end is None else self._end - 1
        headers = {"Range": f"bytes={self._at}-{last}"}
        if self._version and self._version[0] and not self._version[0].startswith("W/"):
            headers["If-Range"] = self._version[0]  # which takes strong ones only
        request = self._client.build_request(
            "GET", self._url, headers=headers, extensions=under(self._budget)
        )
        response = self._client.send(request, stream=True)
        if response.status_code == 200 and self._version is None:
            return self._begin_stream(response, count)
        try:
            if response.status_code == 416:  # beyond the end
                return b""
            if response.status_code != 206:
                raise self._refused(response.status_code, response.headers)
            self._note(response)
            self._ranged = True
            if self._to_end:
                self._response, self._stream = response, response.iter_raw()
                return self._read_stream(count)
            return _bounded(response.iter_raw(), count)[0]
        finally:
            if self._stream is None:
                response.close()

    def _note(self, response: httpx.Response) -> None:
        """Takes size, final address and version of the file from a partial answer."""
        said = response.headers.get("Content-Range", "without Content-Range")
        found = _RANGE.fullmatch(said)
        if not found or int(found[1]) != self._at:
            shown = said if len(said) <= SHOWN_CHARS else f"{said[:SHOWN_CHARS]}…"
            raise _unreadable(
                self.name,
                f"asked for bytes from {self._at}, the server answered {shown!r}",
                "download the file and give its path",
            )
        size = None if found[2] == "*" else int(found[2])
        version = (response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""), size)
        # A server that does not know If-Range answers with a part of the new file.
        if self._version not in (None, version):
            raise self._refused(200, {})
        self._version, self.size = version, size
        self._check_size()
        self._url = str(response.url)

    def _begin_stream(self, response: httpx.Response, count: int) -> bytes:
        length = response.headers.get("Content-Length", "")
        self.size = int(length) if _LENGTH.fullmatch(length) else None
        self._check_size()
        self._version = (
            response.headers.get("ETag", ""),
            response.headers.get("Last-Modified", ""),
            self.size,
        )
        self._response, self._stream = response, response.iter_raw()
        self._end = None
        before = self._at  # of a server that sends all of it, what is there already
        while before > 0 and (passed := len(self._read_stream(min(before, SKIPPED_BYTES)))):
            before -= passed
        return self._read_stream(count)

    def _read_stream(self, count: int) -> bytes:
        assert self._stream is not None
        data, self._rest = _bounded(self._stream, count, self._rest)
        return data

    def _check_size(self) -> None:
        if self.size is not None and self._promised not in (None, self.size):
            raise self._lie(
                f"has {self.size:,} bytes on the server, the list of files says {self._promised:,}"
            )

    def _lie(self, what: str) -> SourceError:
        advice = "the server contradicts itself: try again, or download the file and give its path"
        return SourceError(what, span=Span(self.name), help=advice, code=LIES)

    def _refused(self, status: int, headers: Mapping[str, str]) -> GGUFError:
        if status == 200:
            return _unreadable(self.name, "changed on the server while it was read", "try again")
        if self._refusal is not None and (known := self._refusal(status, headers)) is not None:
            return known
        why = {
            401: "the server wants a login",
            403: "the server denies access",
            404: "there is no such file on the server",
        }.get(status, "the server refuses")
        advice = "check the address"
        if status in (401, 403):
            advice = "download the file with your account's tools and give its path"
        return _unreadable(self.name, f"HTTP {status}: {why}", advice)


def _bounded(chunks: Iterator[bytes], count: int, rest: bytes = b"") -> tuple[bytes, bytes]:
    """(`count` bytes, or fewer at the end; what came beyond them)."""
    parts, have = [rest], len(rest)
    while have < count and (chunk := next(chunks, b"")):
        parts.append(chunk)
        have += len(chunk)
    data = b"".join(parts)
    return data[:count], data[count:]


def _unreadable(name: str, what: str, help: str) -> GGUFError:
    return GGUFError(what, span=Span(name), help=help, code="MK402")


def _similar(path: Path) -> str:
    """A help line that names similar files in the folder of a file that was not found."""
    try:
        beside = sorted(p.name for p in path.parent.glob("*.gguf"))
    except (OSError, ValueError):
        beside = []
    if close := near_word(path.name, beside):
        return f"did you mean {close!r}?"
    if beside:
        return f"that folder holds {', '.join(beside[:5])}{' …' if len(beside) > 5 else ''}"
    return "check the path; a relative one counts from the current folder"
