"""Patterns mean what git says they mean: git is asked about each."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from modelfile_kit.project.patterns import Patterns, is_glob, parse_pattern

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def ignored(patterns: list[str], path: str, *, is_folder: bool = False) -> bool:
    """As git decides: a folder that is ignored takes along all that is in it."""
    found = Patterns(patterns)
    parts = path.split("/")
    return any(
        found.decide(parts[:n], is_folder=is_folder or n < len(parts)) is True
        for n in range(1, len(parts) + 1)
    )


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("build", "build", True),
        ("build", "a/build/x", True),
        ("/build", "a/build", False),
        ("build/", "build", False),
        ("build/", "build/x", True),
        ("a/b", "c/a/b", False),
        ("**/b", "c/a/b", True),
        ("a/**", "a", False),
        ("a/**", "a/b/c", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("*.Modelfile", "x/y.Modelfile", True),
        ("a*c", "a/c", False),
        ("[!a]b", "cb", True),
        ("[!a]b", "ab", False),
        ("[a-c]", "b", True),
        ("[]a]", "]", True),
        ("[[:digit:]]x", "7x", True),
        ("[", "[", False),
        ("\\#x", "#x", True),
        ("# x", "# x", False),
        ("x\\ ", "x ", True),
        ("x  ", "x", True),
    ],
)
def test_what_the_manual_says(pattern: str, path: str, expected: bool) -> None:
    assert ignored([pattern], path) is expected


def test_the_last_that_matches_decides() -> None:
    assert not ignored(["*.Modelfile", "!good.Modelfile"], "good.Modelfile")
    assert ignored(["!good.Modelfile", "*.Modelfile"], "good.Modelfile")
    assert ignored(["old/", "!old/good"], "old/good")  # a folder that is ignored is not looked into


def generated(seed: int, count: int) -> list[list[str]]:
    """Lists of one to three patterns of small pieces, so that they match often."""
    chance = random.Random(seed)
    pieces = ["a", "b", "*", "?", "**", "/", "/", "[ab]", "[!a]", "[a-", "\\a", "]", "ab", "-", "[]b]"]
    pieces.append("[[:alpha:]]")
    lists = []
    for _ in range(count):
        one = []
        for _ in range(chance.randint(1, 3)):
            text = "".join(chance.choices(pieces, k=chance.randint(1, 5)))
            one.append(chance.choice(["", "", "!", "/"]) + text + chance.choice(["", "", "/"]))
        lists.append(one)
    return lists


PATHS = [
    "a", "b", "ab", "ba", "-", "]", "a/a", "a/b", "b/a", "a/b/a", "ab/a/b", "a/ab/ba/b", "b/b/b", "abb", "a-",
]  # fmt: skip


@needs_git
def test_git_says_the_same(tmp_path: Path) -> None:
    """Git's own answer (`check-ignore`) for generated patterns and every path, of paths that do not exist."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    differ = []
    for patterns in generated(7, 120):
        (tmp_path / ".gitignore").write_text("".join(f"{p}\n" for p in patterns))
        asked = "\0".join(PATHS).encode()
        done = subprocess.run(
            ["git", "check-ignore", "-z", "--no-index", "--stdin"],
            cwd=tmp_path,
            input=asked,
            capture_output=True,
        )
        assert done.returncode in (0, 1), done.stderr
        theirs = set(done.stdout.decode().split("\0")) - {""}
        ours = {path for path in PATHS if ignored(patterns, path)}
        if ours != theirs:
            differ.append((patterns, sorted(ours ^ theirs)))
    assert differ == []


def test_a_hostile_pattern_ends_at_once() -> None:
    pattern = parse_pattern("*a" * 120 + "b")
    deep = parse_pattern("/".join(["**", "a"] * 60) + "/b")
    assert pattern and deep
    # A regular expression would need longer for these than anybody has.
    assert not pattern.matches(["a" * 250], is_folder=False)
    assert not deep.matches(["a"] * 1000, is_folder=False)


def test_what_may_be_a_pattern() -> None:
    assert [name for name in ("Modelfile", "a*", "a?", "[ab]", "-") if is_glob(name)] == ["a*", "a?", "[ab]"]
