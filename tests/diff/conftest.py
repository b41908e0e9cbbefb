"""Sides of a comparison from texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.diff.open_side import open_side


@pytest.fixture
def side(tmp_path: Path):
    """A side from a file's name and content; none of them asks a server."""

    def no_server():
        raise AssertionError("no server is to be asked")

    def make(name: str, content: str | bytes | None = None):
        path = tmp_path / name
        if content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return open_side(str(path), server=no_server, stdin=lambda: b"")

    return make
