"""Which API key goes to which server: to the one that it is for, or that its owner named; to no other."""

from __future__ import annotations

import os
from dataclasses import dataclass

from .diagnostics import Span
from .errors import UsageError
from .urls import is_loopback, origin, shown_server, shown_url

IN_THE_OPEN = "MK817"


@dataclass(frozen=True)
class KeyKind:
    """A key that the environment holds.

    variable: its name; home: the host that gave it; this_machine: whether servers on this machine get it too.
    The variable with `_HOST` at its end names more hosts, by `host` or `host:port`, with commas between.
    """

    variable: str
    home: str
    this_machine: bool = False

    @property
    def hosts_variable(self) -> str:
        """The variable that names the hosts which may have the key."""
        return f"{self.variable}_HOST"

    def key_for(self, url: str) -> str:
        """The key for a server at this address, "" where there is none or it is for another.

        Raises UsageError where it would go over plain HTTP to another machine (MK817), or is none.
        """
        key = os.environ.get(self.variable, "").strip()
        if not key or not self._is_for(url):
            return ""
        require_private(url, f"the key in {self.variable}")
        require_sendable(key, f"the key in {self.variable}")
        return key

    def _is_for(self, url: str) -> bool:
        _, host, port = origin(url)
        if host == self.home or (self.this_machine and is_loopback(url)):
            return True
        return any(_names(text, host, port) for text in os.environ.get(self.hosts_variable, "").split(","))


OLLAMA_KEY = KeyKind("OLLAMA_API_KEY", "ollama.com")
OPENAI_KEY = KeyKind("OPENAI_API_KEY", "api.openai.com", this_machine=True)


def require_private(url: str, secret: str, shown: str = "") -> None:
    """Raises UsageError (MK817) where a secret would travel readable for everyone between.

    secret: what it is, as the subject of a sentence. shown: the address for people, by default the url's.
    """
    if origin(url)[0] == "https" or is_loopback(url):
        return
    raise UsageError(
        f"{secret} would go to {shown or shown_url(url)} over plain HTTP, where everyone between can read it",
        help="use https, or a tunnel to this machine (`ssh -L 11434:localhost:11434 HOST`)",
        code=IN_THE_OPEN,
    )


def require_sendable(key: str, secret: str, span: Span | None = None) -> None:
    """Raises UsageError for a key that no header of HTTP can hold (RFC 6750, 2.1: visible ASCII).

    secret: what it is, as the subject of a sentence; the key itself is not told. span: where it stands.
    """
    odd = next((n for n, character in enumerate(key, 1) if not "!" <= character <= "~"), None)
    if odd is None:
        return
    raise UsageError(
        f"{secret} is none: its character {odd} is not visible ASCII",
        span=span,
        help="copy the key again, without what stands before and after it",
    )


def _names(text: str, host: str, port: int) -> bool:
    """Whether `host`, `host:port` or a URL names this host."""
    text = text.strip().rstrip("/")
    if not text:
        return False
    try:
        scheme, named, named_port = origin(text if "://" in text else f"//{text}")
    except ValueError as e:
        raise UsageError(
            f"a host for an API key is {shown_server(text)!r}, which is no host: {e}",
            help="write it as host or host:port",
        ) from e
    return named == host and (named_port == port or (named_port == 0 and not scheme))
