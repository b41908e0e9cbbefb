"""Where the Ollama server is: the forms of --host and OLLAMA_HOST."""

from __future__ import annotations

import ipaddress
import os

from .errors import UsageError
from .numbers import read_count
from .urls import PORTS, hide_logins, origin, require_closed_login

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 11434
_FORMS = "write it as 127.0.0.1:11434 or http://127.0.0.1:11434"


def resolve_host(host: str | None = None) -> str:
    """The URL of the server, without a slash at the end.

    host: an address, `address:port`, `:port`, `http(s)://…` with or without port and path; None
    takes OLLAMA_HOST. The rules are Ollama's (0.33, envconfig/config.go, Host and ConnectableHost):
    port 11434 without a scheme, 80 and 443 with one; an address to bind to (0.0.0.0, ::) means this
    machine. A port that is no port is a UsageError here, where Ollama quietly takes the default.
    """
    source = "--host" if host else "OLLAMA_HOST"
    text = (host or os.environ.get("OLLAMA_HOST") or "").strip().strip("\"'").strip()
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "http", text
        if text == "ollama.com":
            scheme, rest = "https", "ollama.com:443"
    scheme = scheme.lower()
    if scheme not in PORTS:
        raise UsageError(
            f"{source} is {hide_logins(text)!r}: the scheme {scheme!r} is not http or https",
            help=_FORMS,
        )
    require_closed_login(f"{scheme}://{rest}", source, server=True)
    said = hide_logins(f"{scheme}://{rest}" if "@" in rest else text)
    if set(rest) & set("?#"):
        raise UsageError(
            f"{source} is {said!r}: the address of a server has no '?' and no '#'",
            help=_FORMS,
        )
    netloc, slash, path = rest.partition("/")
    login, at, place = netloc.rpartition("@")
    address, port = _split(place, source)
    if port is None:
        port = PORTS[scheme] if separator else DEFAULT_PORT
        port = 443 if text == "ollama.com" else port
    url = f"{scheme}://{login}{at}{_reachable(address)}:{port}{(slash + path).rstrip('/')}"
    try:
        origin(url)
        url.encode()
    except ValueError as e:
        raise UsageError(
            f"{source} is {said!r}, which is no address",
            help=_FORMS,
        ) from e
    return url


def _split(netloc: str, source: str) -> tuple[str, int | None]:
    """Address and port; brackets of an IPv6 address are taken off."""
    bare = netloc.strip("[]")
    try:
        return str(ipaddress.ip_address(bare)), None
    except ValueError:
        pass
    address, colon, port = netloc.rpartition(":")
    if not colon:
        return netloc or DEFAULT_HOST, None
    number = read_count(port)
    if number is None or number > 65535:
        raise UsageError(
            f"{source} names the port {port[:20]!r}, which is not a number from 0 to 65535",
            help="write it as 127.0.0.1:11434",
        )
    return address.strip("[]") or DEFAULT_HOST, number


def _reachable(address: str) -> str:
    """The address to connect to, in brackets where it is IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.is_unspecified:
        return DEFAULT_HOST if parsed.version == 4 else "[::1]"
    return str(parsed) if parsed.version == 4 else f"[{parsed}]"
