"""Who we are at a registry: the logins of docker and podman, and which host may hear which of them.

A login is for the host that its owner wrote it down for. A registry can send us to another host for a token;
that host gets a login only if one is written down for it, or if it is known to sign in for that registry.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import UsageError
from ..core.os_errors import os_reason

DOCKER_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "auth.docker.io"})
# Hosts that sign in for a registry of the same owner, as the owner documents.
_SIGNS_IN_FOR = {"auth.docker.io": DOCKER_HUB, "gitlab.com": frozenset({"registry.gitlab.com"})}
HELPER_SECONDS = 60  # a helper may ask its user to unlock a key ring

_NOBODY = "<token>"  # docker's name for who has an identity token
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PIECE = re.compile(
    r"""[\s,]*(?:([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))"""
    r"""|([A-Za-z0-9!#$%&'*+.^_`|~-]+))""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Login:
    """A user and a password (or a token in its place). source: the file that has it.

    identity_token: what docker keeps instead of a password where a registry gave it one (Azure's, say). It is
    shown to the host that signs in for the registry alone, for a token of one request.
    """

    user: str
    password: str
    source: str = ""
    identity_token: str = ""

    def __repr__(self) -> str:
        return f"Login({self.user!r}, source={self.source!r})"

    @property
    def header(self) -> str:
        """The value of `Authorization`."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode("utf-8", "replace")).decode(
            "ascii"
        )


@dataclass(frozen=True)
class Challenge:
    """One way to sign in that an answer with status 401 names (RFC 9110, 11.6.1). scheme: in lower case."""

    scheme: str
    values: Mapping[str, str]


def read_challenges(header: str) -> list[Challenge]:
    """The ways that `WWW-Authenticate` names; what is no challenge in it is left out."""
    found: list[tuple[str, dict[str, str]]] = []
    at = 0
    while (piece := _PIECE.match(header, at)) and piece.end() > at:
        at = piece.end()
        if piece[4]:
            found.append((piece[4].lower(), {}))
        elif found:
            quoted = piece[2]
            value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else piece[3]
            found[-1][1].setdefault(piece[1].lower(), value)
    return [Challenge(scheme, values) for scheme, values in found]


def find_login(host: str) -> Login | None:
    """The login that docker or podman keeps for a host (`host` or `host:port`), None where there is none.

    Looked up as they do: REGISTRY_AUTH_FILE, then config.json in DOCKER_CONFIG or ~/.docker, then podman's
    auth.json. Raises UsageError (MK844) where a file, or the helper that it names, cannot be read.
    """
    names = DOCKER_HUB if host.lower() in DOCKER_HUB else {host.lower()}
    for path in _files():
        config = _read(path)
        helpers = config.get("credHelpers")
        for key, helper in helpers.items() if isinstance(helpers, dict) else ():
            if _host_of(key) in names:
                return _from_helper(helper, key, path)
        logins = config.get("auths")
        for key, entry in logins.items() if isinstance(logins, dict) else ():
            if _host_of(key) in names and (login := _from_entry(entry, key, path)):
                return login
            # A store that holds the secret leaves an empty entry behind.
            if _host_of(key) in names and isinstance(config.get("credsStore"), str):
                return _from_helper(config["credsStore"], key, path)
    return None


def login_for_realm(realm_host: str, registry_host: str) -> Login | None:
    """The login that a host may hear which signs in for a registry."""
    if realm_host.lower() == registry_host.lower():
        return find_login(registry_host)
    if registry_host.lower() in _SIGNS_IN_FOR.get(realm_host.lower(), ()):
        return find_login(registry_host)
    return find_login(realm_host)


def _files() -> Iterator[Path]:
    named = os.environ.get("REGISTRY_AUTH_FILE")
    if named:
        yield Path(named)
    docker = os.environ.get("DOCKER_CONFIG")
    yield (Path(docker) if docker else Path.home() / ".docker") / "config.json"
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime) / "containers" / "auth.json"
    yield Path.home() / ".config" / "containers" / "auth.json"


def _read(path: Path) -> Mapping[str, Any]:
    try:
        data = path.read_bytes() if path.is_file() else b"{}"
        found = json.loads(data)
    except (OSError, ValueError, RecursionError) as e:
        raise UsageError(
            f"{path}, which holds the logins of registries, cannot be read: "
            f"{os_reason(e) if isinstance(e, OSError) else 'it is not JSON'}",
            help="repair it, or name another one in REGISTRY_AUTH_FILE",
            code="MK844",
        ) from e
    return found if isinstance(found, dict) else {}


def _host_of(key: str) -> str:
    """The host of an entry: `host`, `host:port`, `https://host/v1/`."""
    return re.sub(r"\A[a-z]+://", "", key.strip().lower()).partition("/")[0]


def _from_entry(entry: object, key: str, path: Path) -> Login | None:
    if not isinstance(entry, dict):
        return None
    text, token = entry.get("auth"), entry.get("identitytoken")
    if isinstance(token, str) and token and _sendable(token):
        return Login(_NOBODY, "", str(path), token)
    if isinstance(text, str) and text:
        try:
            user, colon, password = base64.b64decode(text, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user, colon, password = "", "", ""
        if not colon:
            raise UsageError(
                f"{path}: `auth` of {key} is not the Base64 of USER:PASSWORD",
                help=f"sign in again with `docker login {_host_of(key)}`",
                code="MK844",
            )
        return Login(user, password.rstrip("\0"), str(path))
    plain = entry.get("username"), entry.get("password")
    if isinstance(plain[0], str) and isinstance(plain[1], str):
        return Login(plain[0], plain[1], str(path))
    return None


def _from_helper(helper: object, key: str, path: Path) -> Login | None:
    """Asks the program that keeps the secret: it gets the host on its input and answers JSON."""
    if not isinstance(helper, str) or not _HELPER.fullmatch(helper):
        raise UsageError(
            f"{path}: {helper!r} is not the name of a credential helper", help="repair it", code="MK844"
        )
    program = f"docker-credential-{helper}"
    try:
        done = subprocess.run(
            [program, "get"], input=key.encode(), capture_output=True, timeout=HELPER_SECONDS, check=False
        )
        found = json.loads(done.stdout) if done.returncode == 0 else {}
    except (OSError, ValueError, RecursionError, subprocess.TimeoutExpired) as e:
        raise UsageError(
            f"{program}, which {path} names for {_host_of(key)}, does not answer",
            help="install it, or sign in without it (`podman login` writes the login into a file)",
            code="MK844",
        ) from e
    user, secret = (found.get("Username"), found.get("Secret")) if isinstance(found, dict) else (None, None)
    if not isinstance(user, str) or not isinstance(secret, str):
        return None
    if user == _NOBODY:
        return Login(user, "", program, secret) if _sendable(secret) else None
    return Login(user, secret, program)


def _sendable(token: str) -> bool:
    return token.isascii() and token.isprintable()
