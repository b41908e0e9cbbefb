from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelfile_kit.audit.sources import expand, told_names
from modelfile_kit.core.errors import SourceError, UsageError
from tests.core.test_files import nested
from tests.hub_server import HubServer


def test_a_name_is_itself() -> None:
    names = [
        "a.gguf",
        "hf.co/org/repo:Q8_0",
        "hf.co/org/repo",
        "ollama://m",
        "https://box/m.gguf",
        "hf://org/repo",
    ]
    assert expand([*names, "a.gguf"]) == names


def test_what_is_secret_in_an_address_is_not_told() -> None:
    names = [
        "https://me:pw@box/m.gguf",
        "https://box/m.gguf?file=1",
        "https://box/m.gguf?file=2",
        "a.gguf",
        "c?d",
    ]
    assert told_names(names) == {
        "https://me:pw@box/m.gguf": "https://box/m.gguf",
        "https://box/m.gguf?file=1": "https://box/m.gguf?…",
        "https://box/m.gguf?file=2": "https://box/m.gguf?… (2)",
        "a.gguf": "a.gguf",
        "c?d": "c?d",
    }


def test_a_folder_has_models_and_no_projectors_or_later_parts(tmp_path: Path) -> None:
    for name in (
        "b/m-00001-of-00002.gguf",
        "b/m-00002-of-00002.gguf",
        "a.GGUF",
        "b/mmproj-a.gguf",
        "readme.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"GGUF")
    assert expand([str(tmp_path)]) == [str(tmp_path / "a.GGUF"), str(tmp_path / "b/m-00001-of-00002.gguf")]


def test_a_list(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("# models\nhf.co/a/b:Q4_K_M  # the usual one\n\n  c#1.gguf\r\n", encoding="utf-8-sig")
    assert expand([str(path)]) == ["hf.co/a/b:Q4_K_M", "c#1.gguf"]


def test_a_blob_of_a_gguf_is_no_list(tmp_path: Path) -> None:
    path = tmp_path / "sha256-00"
    path.write_bytes(b"GGUF\x03\x00\x00\x00")
    assert expand([str(path)]) == [str(path)]


def test_an_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    server = HubServer()
    try:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        for name in ("org/b", "org/a", "other/c"):
            server.add(name, {"m-Q4_K_M.gguf": b"GGUF"})
        server.add("org/text", {"model.safetensors": b"x"})
        server.add("org/secret", {"m.gguf": b"GGUF"}, private=True)
        assert (
            expand(["hf.co/org"])
            == expand(["https://x/m.gguf", "hf://org"])[1:]
            == ["hf.co/org/a", "hf.co/org/b"]
        )
        with pytest.raises(SourceError, match="no repositories with GGUF files"):
            expand(["hf.co/nobody"])
    finally:
        server.close()


@pytest.mark.parametrize(
    ("content", "words"), [(b"\xff\xfe", "neither a GGUF nor a list"), (b"# nothing\n\n", "names no model")]
)
def test_a_list_that_is_none(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_bytes(content)
    with pytest.raises(UsageError, match=words):
        expand([str(tmp_path / "names.txt")])


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no GGUF model"):
        expand([str(tmp_path)])


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.GGUF").write_bytes(b"GGUF")
    scandir = os.scandir

    def scan(folder: Path) -> Iterator[os.DirEntry[str]]:
        if folder == tmp_path / "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", scan)
    assert expand([str(tmp_path)]) == [str(tmp_path / "a.GGUF"), str(tmp_path / "closed")]


def test_folders_without_end_are_not_searched(tmp_path: Path) -> None:
    with nested(tmp_path, 1500), pytest.raises(UsageError, match="nested more than 100 deep"):
        expand([str(tmp_path)])
