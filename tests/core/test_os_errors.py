"""Errors of the system in words; made by the real system where it can be made to fail."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from modelfile_kit.core.os_errors import cannot_write, os_next_step, os_reason


def _failure(action: Callable[..., object], *arguments: object) -> OSError:
    with pytest.raises(OSError) as caught:
        action(*arguments)
    return caught.value


def test_what_the_system_refuses_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert os_reason(_failure(open, tmp_path / "none")) == "not found"
    assert os_reason(_failure(open, tmp_path, "rb")) == "it is a folder"
    assert os_reason(_failure(open, tmp_path / "file" / "x")) == "a part of the path is a file, not a folder"
    assert os_reason(_failure(open, tmp_path / "loop")) == "its symbolic links lead round in a circle"
    assert os_reason(_failure(open, tmp_path / ("x" * 300))) == "the name is too long"
    assert os_reason(_failure(os.mkdir, tmp_path / "file")) == "it exists already"
    assert os_reason(_failure(os.rmdir, tmp_path)) == "the folder is not empty"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_called_full() -> None:
    def fill() -> None:
        with Path("/dev/full").open("wb", buffering=0) as file:
            file.write(b"x")

    error = _failure(fill)
    assert os_reason(error) == "the disk is full"
    assert os_next_step(error).startswith("free some space")


def test_an_error_without_words_keeps_its_own() -> None:
    assert os_reason(ValueError("embedded null byte")) == "embedded null byte"
    assert os_reason(OSError(errno.EPIPE, "Broken pipe")) == "Broken pipe"
    assert os_reason(ValueError()) == "ValueError"
    assert os_next_step(ValueError("x")) == ""


def test_a_missing_folder_is_called_one(tmp_path: Path) -> None:
    """Writing begins with another file beside the one that is asked for, and in its folder."""
    beside = _failure(open, tmp_path / "none" / ".part", "w")
    told = cannot_write(beside, tmp_path / "none" / "file")
    assert isinstance(told, FileNotFoundError)
    assert told.filename == str(tmp_path / "none" / "file")
    assert os_reason(told) == "its folder does not exist"
    assert "make the folder" in os_next_step(told)
    inside = cannot_write(_failure(open, tmp_path / "none", "r"), tmp_path / "file")
    assert os_reason(inside) == "not found"
