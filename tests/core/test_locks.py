from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelfile_kit.core import locks

fcntl = pytest.importorskip("fcntl", reason="the kit takes no locks on Windows")


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """A file, opened twice."""
    path = tmp_path / "file"
    with path.open("wb") as first, path.open("r+b") as second:
        yield first.fileno(), second.fileno()


def test_one_has_the_lock_until_it_closes_the_file(two: tuple[int, int], tmp_path: Path) -> None:
    with (tmp_path / "file").open("r+b") as other:
        assert locks.lock(other.fileno()) is True
        assert locks.lock(two[0]) is False
    assert locks.lock(two[0], wait=True) is True


@pytest.mark.parametrize("wait", [True, False])
def test_a_file_system_without_locks(
    two: tuple[int, int], monkeypatch: pytest.MonkeyPatch, wait: bool
) -> None:
    def none(_descriptor: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", none)
    assert locks.lock(two[0], wait=wait) is None


def test_a_file_that_has_another_name_now(two: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert locks.is_at(two[0], path)
    path.rename(tmp_path / "other")
    assert not locks.is_at(two[0], path)
    path.write_bytes(b"")
    assert not locks.is_at(two[0], path)
