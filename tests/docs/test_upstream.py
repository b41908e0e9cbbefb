"""UPSTREAM.md of a room names every file of ours, and only files that upstream has."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.oracle.oracle import go_binary, module_folder

PACKAGE = Path(__file__).parents[2] / "modelfile_kit"
ROOMS = ("gotemplate", "ollama")


def table(room: str) -> list[tuple[list[str], list[str]]]:
    """The rows of "Which file follows which": our files, upstream's files."""
    text = (PACKAGE / room / "UPSTREAM.md").read_text(encoding="utf-8")
    part = text.split("## Which file follows which")[1].split("\n## ")[0]
    rows = [line.split("|")[1:3] for line in part.splitlines() if line.startswith("| `")]
    return [
        (re.findall(r"`([\w/]+\.py)`", ours), re.findall(r"`([\w/]+\.\w+)`", theirs)) for ours, theirs in rows
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_every_file_of_ours_is_named_once(room: str) -> None:
    folder = PACKAGE / room
    named = sorted(name for ours, _ in table(room) for name in ours)
    files = (p.relative_to(folder).as_posix() for p in folder.rglob("*.py") if p.name != "__init__.py")
    assert named == sorted(files)


@pytest.mark.oracle
def test_go_has_these_files() -> None:
    go = go_binary()
    if go is None:
        pytest.skip("Go is not installed, so there are no sources of Go to look into")
    root = subprocess.run([go, "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    named = {name for _, theirs in table("gotemplate") for name in theirs}
    assert len(named) > 15
    assert [name for name in sorted(named) if not (Path(root) / "src" / name).is_file()] == []


@pytest.mark.oracle
def test_ollama_has_these_files(oracle: object) -> None:
    folder = module_folder()
    named = {name for _, theirs in table("ollama") for name in theirs}
    assert len(named) > 15
    assert [name for name in sorted(named) if not (folder / name).is_file()] == []
