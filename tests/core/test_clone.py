"""A second name for a large file."""

from __future__ import annotations

import errno
import os
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.core.clone import clone_file

DATA = os.urandom(3 << 20)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(DATA)
    return path


def refuse(*_: Any) -> None:
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))


def test_without_copying(source: Path, tmp_path: Path) -> None:
    way = clone_file(source, tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == DATA
    assert way == "reflink" or (tmp_path / "b").samefile(source)


def test_a_link_is_followed(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(source)
    clone_file(tmp_path / "link", tmp_path / "b")
    assert not (tmp_path / "b").is_symlink()
    assert (tmp_path / "b").read_bytes() == DATA


def test_another_file_system_gets_a_copy(source: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert clone_file(source, tmp_path / "b") in ("copy", "reflink")
    assert (tmp_path / "b").read_bytes() == DATA
    assert not (tmp_path / "b").samefile(source)


def test_no_room_for_a_copy(source: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("modelfile_kit.core.clone.reflink", lambda *_: False)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1 << 30, 0, len(DATA) - 1))
    with pytest.raises(OSError) as caught:
        clone_file(source, tmp_path / "b")
    assert caught.value.errno == errno.ENOSPC
    assert [p.name for p in tmp_path.iterdir()] == ["source"]


def test_a_broken_copy_leaves_nothing(source: Path, tmp_path: Path, monkeypatch: Any) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("modelfile_kit.core.clone.reflink", lambda *_: False)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        clone_file(source, tmp_path / "b")
    assert [p.name for p in tmp_path.iterdir()] == ["source"]


def test_pipes_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError):
        clone_file(tmp_path / "pipe", tmp_path / "b")
    assert not (tmp_path / "b").exists()
