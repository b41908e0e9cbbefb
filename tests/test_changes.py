"""Files under changes/ have a name and a text from which the changelog can be made."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAME = re.compile(r"\+[a-z0-9]+(-[a-z0-9]+)*\.(added|changed|fixed|removed|security)\.md")
FRAGMENTS = sorted(p for p in (ROOT / "changes").iterdir() if p.name != "README.md")
BEGIN = "<!-- changes begin here -->"


def faults(name: str, text: str) -> list[str]:
    found = [] if NAME.fullmatch(name) else ["its name is not +NAME.KIND.md"]
    if not re.match(r"[A-Z`]", text):
        found.append("it begins with no capital letter")
    if not text.endswith(".\n") or text.endswith("\n\n"):
        found.append("it does not end with a sentence and one line end")
    if re.search(r"\n\n|^(#|- )", text, re.MULTILINE):
        found.append("it is more than one paragraph")
    if any(len(line) > 120 for line in text.splitlines()):
        found.append("a line is longer than 120 characters")
    return found


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda p: p.name)
def test_a_change_is_well_formed(path: Path) -> None:
    assert faults(path.name, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("images.changed.md", "Right.\n"),
        ("+Images.changed.md", "Right.\n"),
        ("+images.new.md", "Right.\n"),
        ("+images.added.md", "wrong.\n"),
        ("+images.added.md", "Wrong\n"),
        ("+images.added.md", "Wrong.\n\nTwo.\n"),
        ("+images.added.md", "W" * 121 + ".\n"),
    ],
)
def test_what_is_not_is_told(name: str, text: str) -> None:
    assert len(faults(name, text)) == 1


def test_the_changelog_is_made_of_them(tmp_path: Path) -> None:
    pytest.importorskip("towncrier", reason="needs towncrier (extra dev)")
    for name in ("pyproject.toml", "CHANGELOG.md"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    before = (tmp_path / "CHANGELOG.md").read_text(encoding="utf-8")
    assert before.count(BEGIN) == 1
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes" / "README.md").write_text("About.\n")
    (tmp_path / "changes" / "+one.fixed.md").write_text("It is mended.\n")
    (tmp_path / "changes" / "+two.added.md").write_text("It is there\nin two lines.\n")
    command = (
        sys.executable,
        "-m",
        "towncrier",
        "build",
        "--yes",
        "--version",
        "9.8.7",
        "--date",
        "2030-01-02",
    )
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    after = (tmp_path / "CHANGELOG.md").read_text(encoding="utf-8")
    head, rest = before.split(BEGIN)
    assert after.startswith(head + BEGIN)
    made = after.removeprefix(head + BEGIN).removesuffix(rest.lstrip("\n"))
    words = " ".join(made.split())
    assert words == ("## 9.8.7 (2030-01-02) ### Added - It is there in two lines. ### Fixed - It is mended.")
    assert [p.name for p in (tmp_path / "changes").iterdir()] == ["README.md"]
