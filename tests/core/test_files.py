from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.core.files import (
    MAX_NESTED_FOLDERS,
    NOT_FOUND,
    files_below,
    open_file,
    read_bounded,
    read_file,
    real_path,
    require_unread,
    told_to_write,
    why_no_file,
    without_detours,
    write_atomically,
)
from modelfile_kit.core.os_errors import os_reason


def test_a_circle_of_links_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "there").symlink_to(tmp_path)
    assert real_path(tmp_path / "there" / "x") == Path(os.path.realpath(tmp_path)) / "x"
    assert real_path(tmp_path / "there" / "a").parent == Path(os.path.realpath(tmp_path))


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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_and_devices_are_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    found = [p for p in (Path("/dev/stdout"), Path("/dev/stderr")) if p.is_symlink()]
    for path in (tmp_path / "pipe", tmp_path / "null", Path("/dev/null"), *found):
        with pytest.raises(OSError, match="seek") as refused:
            write_atomically(path, b"x")
        assert os_reason(refused.value) == "it is a pipe or a device, not a file"
    assert Path("/dev/null").is_char_device()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["null", "pipe"]


def test_a_model_is_replaced_by_a_model_alone(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    write_atomically(path, b"GGUF\x03")
    with pytest.raises(UsageError, match="is a GGUF file"):
        write_atomically(path, b"{}")
    assert path.read_bytes() == b"GGUF\x03"
    write_atomically(path, b"GGUF\x03\0")
    assert path.read_bytes() == b"GGUF\x03\0"


def test_a_pipe_in_the_place_of_a_file_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe, file = tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(pipe)
    file.touch()
    regular = file.stat()
    # What is seen first is a file; what is opened then is a pipe.
    monkeypatch.setattr(Path, "stat", lambda _self: regular)
    with pytest.raises(OSError, match="Illegal seek"):
        open_file(pipe)


def test_a_file_that_is_longer_than_what_it_should_be(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1234")
    assert read_bounded(path, "a number", 4) == b"1234"
    with pytest.raises(UsageError, match="more than 3 bytes, expected a number"):
        read_bounded(path, "a number", 3)


@contextlib.contextmanager
def nested(folder: Path, depth: int) -> Iterator[None]:
    """Folders in folders, deeper than one path can name; nothing else could take them away again."""
    before = Path.cwd()
    os.chdir(folder)
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")
    os.chdir(before)
    try:
        yield
    finally:
        os.chdir(folder)
        for _ in range(depth):
            os.chdir("d")
        for _ in range(depth):
            os.chdir("..")
            Path("d").rmdir()
        os.chdir(before)


def test_files_in_folders(tmp_path: Path) -> None:
    for name in ("b", "a/d", "a/c/e", "z"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    failed: list[OSError] = []
    found = [str(path.relative_to(tmp_path)) for path in files_below(tmp_path, failed)]
    assert (found, failed) == (["b", "z", "a/d", "a/c/e"], [])
    assert list(files_below(tmp_path / "none", failed)) == []
    assert [str(error.filename) for error in failed] == [str(tmp_path / "none")]


def test_folders_without_end_are_not_searched(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    with nested(tmp_path / "good", MAX_NESTED_FOLDERS - 1):
        assert list(files_below(tmp_path / "good", [])) == []
    with nested(tmp_path, 1500), pytest.raises(UsageError, match="nested more than 100 deep") as found:
        list(files_below(tmp_path, []))
    assert len(str(found.value)) < 300 + len(str(tmp_path))


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make a link")
def test_a_path_without_detours_is_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a/b").mkdir(parents=True)
    for name in ("m.gguf", "a/m.gguf"):
        Path(name).write_text(name)
    assert without_detours(Path("a/b/../m.gguf")) == Path("a/m.gguf")
    Path("link").symlink_to("a/b")
    # behind a link `..` is another folder than the one in which the link is
    kept = without_detours(Path("link/../m.gguf"))
    assert kept == Path("link/../m.gguf") and kept.read_text() == "a/m.gguf"


def test_a_name_with_a_zero_byte_is_no_fault_of_ours(tmp_path: Path) -> None:
    """Python says ValueError of it; names come from configurations too."""
    path = tmp_path / "a\0b"
    for work in (open_file, read_file, lambda p: read_bounded(p, "text"), lambda p: write_atomically(p, b"")):
        with pytest.raises(OSError, match="zero byte") as found:
            work(path)
        assert found.value.filename == str(path)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file whose reading fails")
def test_an_error_of_reading_names_its_file() -> None:
    with pytest.raises(OSError, match="Input/output") as found:
        read_file(Path("/proc/self/mem"))
    assert found.value.filename == "/proc/self/mem"


def test_what_a_command_is_told_to_write_is_not_read(tmp_path: Path) -> None:
    target, other = tmp_path / "t.jinja", tmp_path / "other"
    target.write_text("a")
    other.write_text("b")
    hard, soft = tmp_path / "hard", tmp_path / "soft"
    hard.hardlink_to(target)
    soft.symlink_to(target.name)
    with told_to_write([("--report", soft), ("--html", tmp_path / "new")]):
        assert read_file(other) == b"b"
        require_unread(soft)
        for name in (target, hard, soft):
            with pytest.raises(UsageError, match="is read by this command, and --report would replace it"):
                read_file(name)
        # Who takes it for a file that cannot be read goes on, and comes to write.
        with pytest.raises(UsageError, match="--report would replace it"):
            require_unread(hard)
    assert read_file(soft) == b"a"
    require_unread(soft)


def test_an_output_of_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("old")
    with told_to_write([("--html", page)]):
        write_atomically(page, b"new")
        write_atomically(page, b"newer")
    assert page.read_bytes() == b"newer"


def test_two_outputs_are_two_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    for one, two in (("a", "b"), ("new", "x/../new")):
        outputs = [("--report", tmp_path / one), ("--html", tmp_path / two)]
        with pytest.raises(UsageError, match="--report and --html"), told_to_write(outputs):
            pass
    with told_to_write([("--report", tmp_path / "new"), ("--report", tmp_path / "newer")]):
        pass


def test_a_null_device_may_be_written_twice() -> None:
    with told_to_write([("--report", Path(os.devnull)), ("--html", Path(os.devnull))]):
        pass
