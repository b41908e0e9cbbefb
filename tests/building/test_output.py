"""Files of a build appear whole or not at all."""

from __future__ import annotations

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.building.build import default_output
from modelfile_kit.building.output import require_own, write_files
from modelfile_kit.core.errors import UsageError
from modelfile_kit.package.package import load_package


def test_files_and_folders(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    write_files(folder, {"x": b"1", "y": b"2"})
    write_files(folder, {"x": b"3"})
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {"x": b"3", "y": b"2"}


def test_folders_in_the_folder_and_files_of_files(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"large")
    write_files(tmp_path / "a", {"x/y/z": b"1", "x/file": tmp_path / "large"})
    found = {p.relative_to(tmp_path / "a").as_posix(): p for p in (tmp_path / "a").rglob("*") if p.is_file()}
    assert {name: p.read_bytes() for name, p in found.items()} == {"x/y/z": b"1", "x/file": b"large"}


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


@pytest.mark.skipif(os.name == "nt", reason="the kit takes no locks on Windows")
def test_of_two_builds_at_once_one_wins_whole(tmp_path: Path) -> None:
    names = [f"f{n}" for n in range(8)]
    start = threading.Barrier(2)

    def build(word: bytes) -> None:
        start.wait()
        write_files(tmp_path, dict.fromkeys(names, word))

    for _ in range(60):
        with ThreadPoolExecutor(2) as both:
            list(both.map(build, (b"one", b"two")))
        assert len({(tmp_path / name).read_bytes() for name in names}) == 1
    assert {p.name for p in tmp_path.iterdir()} == set(names)


def test_a_link_in_a_package_does_not_choose_where_a_build_goes(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "mkmodelfile.yaml").write_text("name: m\nmodel: m.gguf\n")
    loaded = load_package(package)
    assert default_output(loaded) == package / "build" / "m"
    (tmp_path / "mine").mkdir()
    for link in (package / "build", package / "build" / "m"):
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(tmp_path / "mine", target_is_directory=True)
        with pytest.raises(UsageError, match="outside of the package"):
            default_output(loaded)
        link.unlink()


def test_what_no_build_wrote_stays(tmp_path: Path) -> None:
    require_own(tmp_path)
    (tmp_path / "Modelfile").write_text("FROM llama3\n")
    with pytest.raises(UsageError, match="no build has written it"):
        require_own(tmp_path)
    (tmp_path / "Modelfile").write_text("# a: b\n# Written by mkmodelfile 1.0; change the package.\nFROM a\n")
    (tmp_path / "system").write_text("")
    require_own(tmp_path, ("Modelfile", "system"))
    (tmp_path / "Modelfile").unlink()
    with pytest.raises(UsageError) as refused:
        require_own(tmp_path, ("Modelfile", "system"))
    assert refused.value.span is not None and refused.value.span.file == str(tmp_path / "system")
