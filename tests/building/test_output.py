"""Files of a build appear whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.building.output import write_files
from modelfile_kit.core.errors import UsageError


def test_files_and_folders(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    write_files(folder, {"x": b"1", "y": b"2"})
    write_files(folder, {"x": b"3"})
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {"x": b"3", "y": b"2"}


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(UsageError, match="cannot write") as caught:
        write_files(tmp_path / "a" / "b", {"x": b""})
    assert caught.value.exit_code == 2
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "x").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    for folder in ("old", "new/deep"):
        with pytest.raises(UsageError, match="the disk is full"):
            write_files(tmp_path / folder, {"x": b"new"})
    assert [p.name for p in tmp_path.iterdir()] == ["old"]
    assert [(p.name, p.read_bytes()) for p in (tmp_path / "old").iterdir()] == [("x", b"old")]


def test_ctrl_c_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path / "new", {"x": b"new"})
    assert list(tmp_path.iterdir()) == []
