"""Which files of a folder are found, with git as the second opinion on .gitignore."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.project.patterns import Patterns
from modelfile_kit.project.walk import MAX_IGNORE_BYTES, MODELFILES, Search
from tests.core.test_files import nested

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(*names: str, text: str = "FROM x\n") -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def find(*names: str, exclude: tuple[str, ...] = (), **options: Any) -> list[str]:
    return Search(Patterns(MODELFILES), "Modelfile", Patterns(exclude), **options).find(names)


def test_the_names_of_modelfiles() -> None:
    write(
        "Modelfile",
        "a/Modelfile.q4",
        "a/small.Modelfile",
        "b/x.modelfile",
        "b/Modelfile.j2",
        "b/Modelfile.jinja2",
        "b/Modelfile.bak",
    )
    write("b/README.md", "b/Modelfile.md", "b/model.gguf", "c/Modelfile~")
    assert find(".") == ["Modelfile", "a/Modelfile.q4", "a/small.Modelfile", "b/x.modelfile"]


def test_what_is_named_is_taken_whatever_it_is() -> None:
    write("odd.txt", ".git/Modelfile")
    assert find("odd.txt", ".git/Modelfile", "-", "odd.txt") == ["odd.txt", ".git/Modelfile", "-"]
    assert find("not-there") == ["not-there"]  # whoever reads it says so


def test_folders_that_are_not_looked_into() -> None:
    write("Modelfile", ".git/Modelfile", "x/node_modules/Modelfile", ".venv/Modelfile", ".github/Modelfile")
    search = Search(Patterns(MODELFILES), "Modelfile")
    assert search.find(["."]) == [".github/Modelfile", "Modelfile"]
    assert [(s.path, s.why) for s in search.skipped] == [
        (".git/", "its name"),
        (".venv/", "its name"),
        ("x/node_modules/", "its name"),
    ]


def test_exclude_is_for_what_is_found() -> None:
    write("a/Modelfile", "old/Modelfile", "b/old/Modelfile")
    assert find(".", exclude=("/old",)) == ["a/Modelfile", "b/old/Modelfile"]
    assert find("old/Modelfile", exclude=("old/",)) == ["old/Modelfile"]
    assert find("old/Modelfile", "a/Modelfile", exclude=("old/",), force_exclude=True) == ["a/Modelfile"]
    assert find("old/Modelfile", exclude=("old",), force_exclude=True) == []


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a/*.txt", ["a/1.txt"]),
        ("a/*", ["a/Modelfile", "a/deep/Modelfile"]),  # not every file; and what is in folders that it means
        ("**/1.txt", ["a/1.txt", "a/deep/1.txt"]),
        ("a/**", ["a/Modelfile", "a/deep/Modelfile"]),
        ("[ab]", ["a/Modelfile", "a/deep/Modelfile", "b/Modelfile"]),
        ("./?/Modelfile", ["a/Modelfile", "b/Modelfile"]),
    ],
)
def test_patterns_on_the_command_line(pattern: str, expected: list[str]) -> None:
    write("a/Modelfile", "a/1.txt", "a/deep/Modelfile", "a/deep/1.txt", "b/Modelfile")
    assert find(pattern) == expected


def test_a_file_with_the_name_of_a_pattern_is_that_file() -> None:
    write("[ab]", "a")
    assert find("[ab]") == ["[ab]"]


@pytest.mark.parametrize("name", ["a", "a/*", "b/**"])
def test_nothing_there_is_said(name: str) -> None:
    write("a/x.txt", "a/node_modules/Modelfile")
    with pytest.raises(UsageError, match="no Modelfile") as error:
        find(name)
    assert "expected" in error.value.help


def test_what_was_left_out_is_said_where_nothing_is_left() -> None:
    write("a/Modelfile")
    with pytest.raises(UsageError) as error:
        find("a", exclude=("Modelfile",))
    assert "left out by exclude: a/Modelfile" in error.value.help


def test_links_that_lead_round_in_a_circle() -> None:
    write("a/Modelfile")
    Path("a/b").symlink_to("..", target_is_directory=True)
    Path("a/Modelfile.link").symlink_to("Modelfile")
    Path("a/Modelfile.lost").symlink_to("nowhere")
    os.mkfifo("a/Modelfile.pipe")
    assert find(".") == ["a/Modelfile", "a/Modelfile.link"]
    assert find("a/b") == ["a/b/a/Modelfile", "a/b/a/Modelfile.link"]  # a link that is named is followed


def test_a_folder_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    write("a/Modelfile", "b/Modelfile")
    listed = os.scandir

    def refuse(folder: Path):
        if str(folder) == "a":
            raise PermissionError(13, "Permission denied", "a")
        return listed(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    search = Search(Patterns(MODELFILES), "Modelfile")
    assert search.find(["."]) == ["b/Modelfile"]
    assert [error.filename for error in search.unreadable] == ["a"]


@needs_git
def test_gitignore_as_git_has_it() -> None:
    """The files that git would add (`ls-files --others --exclude-standard`)."""
    subprocess.run(["git", "init", "-q", "."], check=True)
    files = [
        f"{a}/{b}/Modelfile{c}" for a in ("one", "two") for b in ("x", "build", "out") for c in ("", ".q4")
    ]
    write(*files, "Modelfile.local", "one/keep/Modelfile")
    Path(".gitignore").write_text("build/\n*.local\n/one/out/*\n!/one/out/Modelfile\n")
    Path("one/.gitignore").write_text("keep\n*.q4\n!x/*.q4\n")
    Path("two/x/.gitignore").write_text("*\n!Modelfile.q4\n")
    Path(".git/info/exclude").write_text("/two/out/Modelfile\n")
    for folder in (".", "one", "two/x"):
        line = ["git", "ls-files", "-z", "--others", "--exclude-standard", folder]
        done = subprocess.run(line, capture_output=True, check=True, text=True)
        theirs = {p for p in done.stdout.split("\0") if "Modelfile" in p}
        assert theirs
        assert set(find(folder)) == theirs
    assert set(find(".", gitignore=False)) == {*files, "Modelfile.local", "one/keep/Modelfile"}


def test_a_folder_that_git_ignores_is_looked_into_where_it_is_named() -> None:
    write("build/Modelfile")
    Path(".git").mkdir()
    Path(".gitignore").write_text("build/\n")
    assert find("build") == ["build/Modelfile"]
    with pytest.raises(UsageError, match="no Modelfile"):
        find(".")


def test_folders_without_end_are_not_searched(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    write("m/Modelfile")
    with nested(tmp_path / "m", 1500), pytest.raises(UsageError, match="nested more than 100 deep"):
        find("m")


def test_a_gitignore_that_is_too_large_is_refused() -> None:
    """Of the first part of it another list would be made: what its end takes back would be left out."""
    write("a/Modelfile")
    Path(".git").mkdir()
    lines = b"Modelfile\n" + b"# a remark\n" * (MAX_IGNORE_BYTES // 11) + b"!Modelfile\n"
    for place in (".gitignore", "a/.gitignore"):
        Path(place).write_bytes(lines)
        with pytest.raises(UsageError, match="has more than 1,048,576 bytes, expected a list") as error:
            find("a")
        assert error.value.span and error.value.span.file and error.value.span.file.endswith(place)
        assert find("a", gitignore=False) == ["a/Modelfile"]
        Path(place).unlink()
    Path(".gitignore").write_bytes(b"Modelfile\n" + b"# a remark\n" * 90_000 + b"!Modelfile\n")
    assert find("a") == ["a/Modelfile"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_gitignore_that_cannot_be_read_is_refused() -> None:
    write("a/Modelfile")
    os.mkfifo("a/.gitignore")
    with pytest.raises(UsageError, match="cannot be read"):
        find("a")
    Path("a/.gitignore").unlink()
    Path("a/.gitignore").mkdir()  # to git it is no list either
    assert find("a") == ["a/Modelfile"]


def test_what_is_named_after_a_modelfile_and_is_none() -> None:
    write("Modelfile.q4", "modelfile.language-configuration.json", "Modelfile.md", "Modelfile.j2")
    assert find(".") == ["Modelfile.q4"]
