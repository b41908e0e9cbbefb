from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelfile_kit.lsp import near_files
from modelfile_kit.lsp.answers import OpenFile
from modelfile_kit.lsp.near_files import GGUF, file_choices, file_link, first_file


@pytest.fixture
def file(tmp_path: Path) -> OpenFile:
    for name in ("b.gguf", "a.GGUF", "x.txt", ".dot.gguf", "a\nb.gguf"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "sub" / "c.gguf").write_bytes(b"")
    return OpenFile("", tmp_path / "Modelfile")


def names(file: OpenFile, typed: str, **options: bool) -> list[str]:
    return [choice.label for choice in file_choices(file, typed, (0, 0), GGUF, **options)]


def test_choices_are_files_that_fit_and_folders(file: OpenFile) -> None:
    assert names(file, "") == ["a.GGUF", "b.gguf", "sub/"]
    assert names(file, "", dot=True) == ["./a.GGUF", "./b.gguf", "./sub/"]
    assert names(file, "./") == ["./a.GGUF", "./b.gguf", "./sub/"]
    assert names(file, "sub/d") == ["sub/c.gguf", "sub/deep/"]
    assert names(file, ".d") == [".dot.gguf", "a.GGUF", "b.gguf", "sub/"]
    assert names(file, "none/") == names(file, "a\0b/") == names(file, "~nobody-of-that-name/") == []


def test_a_folder_of_many_files_is_not_listed_to_its_end(
    file: OpenFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_files, "MAX_ENTRIES", 3)
    monkeypatch.setattr(near_files, "MAX_CHOICES", 1)
    assert len(names(file, "")) <= 1


def test_links(file: OpenFile) -> None:
    assert file.folder is not None
    found = file_link(file, "sub/c.gguf", (3, 5))
    assert found is not None and found.target == file.folder / "sub/c.gguf" and found.place == (3, 5)
    for value in ("", "none", "https://x/b.gguf", "a\0b", "x" * 5_000, "sub", "a\nb.gguf"):
        assert file_link(file, value, (0, 0)) is None, value
    inside = file_link(file, "sub", (0, 0), first_file)
    assert inside is not None and inside.target.name == "c.gguf"
    assert file_link(file, "sub/deep", (0, 0), first_file) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_nothing_is_opened(file: OpenFile) -> None:
    assert file.folder is not None
    os.mkfifo(file.folder / "f.gguf")  # to open it would wait for ever
    assert "f.gguf" in names(file, "")
    assert file_link(file, "f.gguf", (0, 0)) is None
