"""Files, folders and patterns: in which order, and what is said of those without images."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.captions.files import image_files
from modelfile_kit.core.errors import KitError
from tests.core.test_files import nested


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.png", "a.JPG", "notes.txt", "deep/c.webp", "deep/d/e.gif", "none/readme.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*given: str, recursive: bool = False) -> list[str]:
    return [str(f) for f in image_files(given, recursive=recursive) if isinstance(f, Path)]


def test_a_folder_holds_images_by_their_suffix(folder: Path) -> None:
    assert names(".") == ["a.JPG", "b.png"]
    assert names(".", recursive=True) == ["a.JPG", "b.png", "deep/c.webp", "deep/d/e.gif"]


def test_the_order_is_that_of_the_arguments(folder: Path) -> None:
    assert names("notes.txt", "deep", "b.png") == ["notes.txt", "deep/c.webp", "b.png"]
    assert names("b.png", ".", "b.png") == ["b.png", "a.JPG"]


def test_patterns_that_the_shell_left(folder: Path) -> None:
    assert names("*.png", "**/*.gif") == ["b.png", "deep/d/e.gif"]
    odd = folder / "x[1].png"
    odd.touch()
    assert names("x[1].png") == ["x[1].png"]


@pytest.mark.parametrize(("name", "words"), [("", "is empty"), ("-", "standard input")])
def test_a_name_that_is_none_is_not_the_current_folder(folder: Path, name: str, words: str) -> None:
    (found,) = image_files([name])
    assert isinstance(found, KitError)
    assert words in found.message


def test_what_has_no_images_keeps_its_place(folder: Path) -> None:
    found = image_files(["none", "b.png", "*.bmp", "missing.png"])
    first, path, second, missing = found
    assert isinstance(first, KitError)
    assert isinstance(second, KitError)
    assert (first.code, second.code) == ("MK893", "MK893")
    assert "folder has no image" in first.message
    assert "pattern" in second.message
    assert (path, missing) == (Path("b.png"), Path("missing.png"))


def test_folders_without_end_are_not_searched(folder: Path) -> None:
    with nested(folder, 1500):
        for name, recursive in ((".", True), ("**/*.png", False)):
            *_, last = image_files([name], recursive=recursive)
            assert isinstance(last, KitError)
            assert "nested" in last.message
