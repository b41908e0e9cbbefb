from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from modelfile_kit.core.errors import PackageError
from modelfile_kit.package.lock_file import Locked, lock_path, lock_text, locked_file, read_lock

A = Locked(
    "hf.co/org/repo",
    "hf.co/org/repo/a, b.gguf",
    "1" * 40,
    (locked_file("a, b.gguf", 12, f"sha256:{'a' * 64}"), locked_file("ü.gguf", None, "")),
)
B = Locked("https://x/y.gguf", "https://x/y.gguf", "12345", (locked_file("y.gguf", 0, ""),), A.files)

GOOD = "version: 1\nnames: {model: {name: n, title: t, revision: r, files: [{path: p}]}}"


def test_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "mkmodelfile.lock"
    text = lock_text({"variants.q8": B, "model": A}, "mkmodelfile.yaml")
    assert text == lock_text({"model": A, "variants.q8": B}, "mkmodelfile.yaml")
    path.write_text(text, encoding="utf-8")
    assert read_lock(path) == {"model": A, "variants.q8": B}
    assert yaml.safe_load(text)["names"]["variants.q8"]["revision"] == "12345"  # a text, not a number
    assert read_lock(tmp_path / "none.lock") == {}


@pytest.mark.parametrize(
    ("name", "lock"),
    [("mkmodelfile.yaml", "mkmodelfile.lock"), ("a.b.yml", "a.b.lock"), ("package", "package.lock")],
)
def test_its_name(name: str, lock: str) -> None:
    assert lock_path(Path("folder") / name) == Path("folder") / lock


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "not a lock file"),
        ("- 1", 1, "not a lock file"),
        ("<<<<<<< HEAD\nversion: 1\n", 2, "not YAML"),
        ("names: {}", 1, "its version is None"),
        ("version: 2\nnames: {}", 1, "its version is 2, expected 1"),
        ("version: true\nnames: {}", 1, "its version is True"),
        ("version: 1", 1, "`names` is no mapping"),
        ("version: 1\nnames: {}\nmore: 1", 3, "unknown key `more`"),
        ("version: 1\nnames:\n  model: 3", 3, "expected a mapping with name"),
        ("version: 1\nnames:\n  model: {name: n, title: t, files: [{path: p}]}", 3, "`revision` is missing"),
        (GOOD.replace("[{path: p}]", "[]"), 2, "`files` is empty"),
        (GOOD.replace("[{path: p}]", "p"), 2, "`files` is no list"),
        (GOOD.replace("path: p", "path: ../p"), 2, "no path within a repository"),
        (GOOD.replace("path: p", "path: /p"), 2, "no path within a repository"),
        (GOOD.replace("path: p", "path: p, size: -1"), 2, "`size` is no number of bytes"),
        (GOOD.replace("path: p", "path: p, size: true"), 2, "`size` is no number of bytes"),
        (GOOD.replace("path: p", "path: p, digest: sha256:12"), 2, "`digest` is not sha256:"),
        (GOOD.replace("path: p", "path: p, mode: 1"), 2, "unknown key `mode`"),
        (GOOD.replace("revision: r", "revision: 12"), 2, "`revision` is no text of one line"),
    ],
)
def test_what_is_wrong_has_its_place(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = tmp_path / "mkmodelfile.lock"
    path.write_text(text)
    with pytest.raises(PackageError) as caught:
        read_lock(path)
    error = caught.value
    assert error.code == "MK490" and error.span and error.span.file == str(path)
    assert message in error.message and error.span.line == line, (error.message, error.span)
    assert "--update-lock" in error.help or "newer modelfile-kit" in error.help


def test_the_good_one_is_good(tmp_path: Path) -> None:
    (tmp_path / "a.lock").write_text(GOOD)
    assert list(read_lock(tmp_path / "a.lock")) == ["model"]


def test_a_newer_kit_wrote_it(tmp_path: Path) -> None:
    (tmp_path / "a.lock").write_text("version: 2\nnames: {}")
    with pytest.raises(PackageError) as caught:
        read_lock(tmp_path / "a.lock")
    assert "upgrade this one" in caught.value.help
