"""Addresses of servers: whose machine one means, and how it is shown without what is secret in it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from .diagnostics import Diagnostic
from .errors import UsageError

HIDDEN = "***"
_MARK = re.compile(r"://|(?<=\bhttp):/|(?<=\bhttps):/", re.IGNORECASE)
"""Where the authority of an address begins; a path that an address was taken for has lost a slash."""
_WHOLE_LOGIN = re.compile(r"(?<=://)[^/?#]*@")  # RFC 3986, 3.2.1: up to the last @ of the authority
_TO_ITS_END = re.compile(r"[^\s\"'<>]*")  # an address in a text
_AUTHORITY = re.compile(r"[^/?#]*")
_NO_PORT = re.compile(r":(?![0-9]*\Z)")
_IPV6 = re.compile(r"\[[^\[\]]*\](:[0-9]*)?\Z")
_ADDRESS = re.compile(r"\bhttps?://?[^\s\"'<>`]+", re.IGNORECASE)
_QUERY = re.compile(r"\?[^#]+")
PORTS = {"http": 80, "https": 443}


def is_loopback(url: str) -> bool:
    """Whether the URL is this machine; no proxy is asked for it, and nobody else hears what goes there."""
    name = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def without_login(url: str) -> tuple[str, tuple[str, str] | None]:
    """The URL without user and password, and these; None where it has none."""
    found = _WHOLE_LOGIN.search(url)
    if not found:
        return url, None
    user, _, password = found[0][:-1].partition(":")
    return url[: found.start()] + url[found.end() :], (unquote(user), unquote(password))


def require_closed_login(url: str, what: str, *, server: bool = False) -> None:
    """Raises UsageError for a user or password whose `/`, `?` or `#` is not escaped: it is cut there.

    what: the address, as the subject of a sentence; it is not shown itself. What then stands where a port
    would is no number. `http://me:12/x@box` cannot be told from an address with a port, nor
    `http://me:a@b/x@box` from one with an @ in its path: where it names a file it is taken for one, and shown
    as if it held a password. server: it is the address of a server, in whose path nobody has an @.
    """
    rest = url.partition("://")[2]
    authority = _authority(rest, 0, len(rest))
    if "@" not in rest[len(authority) :] or authority[:1] == "[":
        return
    if server or ("@" not in authority and _NO_PORT.search(authority)):
        raise UsageError(
            f"{what} has a user or password with a '/', '?' or '#' that is not escaped",
            help="write / as %2F, ? as %3F and # as %23, as in http://USER:PASS%2FWORD@HOST",
        )


def shown_url(url: str) -> str:
    """The URL for people: without user and password, and without its query, which can be a signature."""
    start = url.find("://") + 3
    if start >= 3:
        url = url[:start] + url[_login_end(url, start, len(url), url.rfind("@")) :]
    return _QUERY.sub("?…", url)


def shown_server(text: str) -> str:
    """The address of a server for people; it may lack its scheme."""
    if "://" in text:
        return hide_logins(text)
    return f"{HIDDEN}@{text.rpartition('@')[2]}" if "@" in text else text


def hide_logins(text: str) -> str:
    """Any text for people: user and password of the addresses in it are hidden, and what is in queries."""
    if ":/" not in text or "@" not in text:
        return _without_queries(text)
    parts, done, end, last = [], 0, 0, -1
    for mark in _MARK.finditer(text):
        start = mark.end()
        if start > end:
            end = _ending(text, start)
            last = text.rfind("@", start, end)
        if start < done or last < start:
            continue
        after = _login_end(text, start, end, last)
        if after > start:
            parts += [text[done:start], f"{HIDDEN}@"]
            done = after
    return _without_queries("".join([*parts, text[done:]]))


def without_logins(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings of an error for people: what a command line gave may be an address, wherever it stands."""
    return tuple(
        replace(
            found,
            message=hide_logins(found.message),
            help=hide_logins(found.help),
            span=found.span and replace(found.span, file=found.span.file and hide_logins(found.span.file)),
        )
        for found in findings
    )


def _without_queries(text: str) -> str:
    return _ADDRESS.sub(lambda found: _QUERY.sub("?…", found[0]), text)


def _login_end(text: str, start: int, end: int, last: int) -> int:
    """Where the login of an address ends, behind its @; `start` where it has none. In doubt it has one.

    The address goes on behind its `://` from start to end; last: its last @, -1 for none. A login goes to the
    last @, also where that stands in the path. Of http and https, whatever has a colon before an @ can be the
    login of someone who escaped nothing. Other schemes have no logins, but ports and digests with an @
    between (`oci://HOST:5000/REPO@sha256:…`).
    """
    authority = _authority(text, start, end)
    if "@" in authority:
        login = start + authority.rfind("@") + 1
        if last < login:
            return login
        # `http://me:pass@wo/rd@box` has a login, and what is read as its host is a part of the password.
        return end if text.find("?", login, last) >= 0 else last + 1
    if last < start:
        return start
    if _NO_PORT.search(authority) and not _IPV6.match(authority):
        return last + 1
    web = text[max(0, start - 8) : start].rstrip(":/").lower().endswith(("http", "https"))
    if not web or text.find(":", start, last) < 0 or _IPV6.match(authority):
        return start
    return end if text.find("?", start, last) >= 0 else last + 1  # behind the @ a query may go on


def _authority(text: str, start: int, end: int) -> str:
    found = _AUTHORITY.match(text, start, end)
    assert found is not None  # it matches the empty text
    return found[0]


def _ending(text: str, start: int) -> int:
    """Where an address in a text ends."""
    found = _TO_ITS_END.match(text, start)
    assert found is not None
    return found.end()


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL: what a secret may be meant for (RFC 6454). Raises ValueError."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").rstrip("."), parts.port or PORTS.get(scheme, 0)
