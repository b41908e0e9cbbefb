"""What a registry takes as host, repository and tag, known before one is asked.

Source: OCI distribution 1.1, "Pulling manifests"; 0 and more than 65535 are no ports (RFC 6335).
"""

from __future__ import annotations

import re

HOST = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*|\[[0-9A-Fa-f:]+\])(?::(?P<port>[0-9]{1,9}))?")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


def host_problem(host: str) -> str:
    """Why this is not `host` or `host:port`, "" where it is."""
    found = HOST.fullmatch(host)
    if found is None:
        return f"{host!r} is not the host of a registry"
    if found["port"] is not None and not 0 < int(found["port"]) < 65536:
        return f"{host!r} names the port {found['port']}, expected one from 1 to 65535"
    return ""


def repository_problem(repository: str) -> str:
    """Why registries do not take this as a repository or a part of its name, "" where they do."""
    if _REPOSITORY.fullmatch(repository):
        return ""
    return (
        f"{repository!r} is not one that registries take: small letters and digits, with single `.`, `_` or "
        "`-` between them"
    )


def tag_problem(tag: str) -> str:
    """Why registries do not take this as a tag, "" where they do."""
    if _TAG.fullmatch(tag):
        return ""
    return f"{tag!r} is not a tag that registries take: at most 128 letters, digits, `.`, `_` and `-`"
