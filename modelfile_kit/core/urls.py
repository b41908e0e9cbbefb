"""Addresses of servers: whose machine one means, and how it is shown without what is secret in it."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import unquote, urlsplit

HIDDEN = "***"
# Whatever stands between the scheme and the last @ of an authority is a login (RFC 3986, 3.2.1).
_LOGIN = re.compile(r"(?<=://)[^/?#\s\"'<>]*@")
_WHOLE_LOGIN = re.compile(r"(?<=://)[^/?#]*@")  # where nothing but one address is in the text
# A password whose `/`, `?` or `#` is not escaped: what then stands where a port would is no number.
_UNESCAPED = re.compile(r"(?<=://)[^/?#\s\"'<>@:\[\]]*:(?![0-9]*(?:[/?#\s\"'<>]|\Z))[^\s\"'<>]{0,256}@")
_ADDRESS = re.compile(r"\bhttps?://[^\s\"'<>`]+", re.IGNORECASE)
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


def shown_url(url: str) -> str:
    """The URL for people: without user and password, and without its query, which can be a signature."""
    return _QUERY.sub("?…", _UNESCAPED.sub("", _WHOLE_LOGIN.sub("", url)))


def hide_logins(text: str) -> str:
    """Any text for people: user and password of the addresses in it are hidden, and what is in queries."""
    if "://" not in text:
        return text
    text = _UNESCAPED.sub(f"{HIDDEN}@", _LOGIN.sub(f"{HIDDEN}@", text))
    return _ADDRESS.sub(lambda found: _QUERY.sub("?…", found[0]), text)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL: what a secret may be meant for (RFC 6454). Raises ValueError."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").rstrip("."), parts.port or PORTS.get(scheme, 0)
