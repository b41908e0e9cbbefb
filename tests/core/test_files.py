from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.core.files import NOT_FOUND, open_file, read_file, why_no_file, write_atomically
from modelfile_kit.core.os_errors import os_reason


def test_replaces_and_keeps_the_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_full_disk_leaves_the_old_file_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(descriptor: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_atomically(path, b"new")
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        write_atomically(tmp_path / "no" / "file", b"")
    assert caught.value.filename == str(tmp_path / "no" / "file")


def test_why_a_path_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "lost").symlink_to("nowhere")
    assert why_no_file(tmp_path / "file") == ""
    assert why_no_file(tmp_path / "gone") == NOT_FOUND
    assert why_no_file(tmp_path) == "is a folder, expected a file"
    assert "nowhere" in why_no_file(tmp_path / "lost")
    assert "circle" in why_no_file(tmp_path / "round")
    assert "part of the path" in why_no_file(tmp_path / "file" / "more")
    assert why_no_file(Path("a\0b")).startswith("cannot be read")


def test_a_file_is_read_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert (read_file(path), read_file(path, 3), read_file(path, 9)) == (b"12345", b"123", b"12345")
    with pytest.raises(FileNotFoundError) as missing:
        read_file(tmp_path / "none")
    assert missing.value.filename == str(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        open_file(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_and_devices_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(OSError, match="seek") as refused:
            read_file(path)
        assert os_reason(refused.value) == "it is a pipe or a device, not a file"
        assert refused.value.filename == str(path)
