"""The version is what the build wrote; a checkout that was never built says what pyproject.toml says."""

from __future__ import annotations

import importlib
import shutil
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

from modelfile_kit.core import version
from tools.advisories import ROOT


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    importlib.reload(version)


def test_what_the_build_wrote_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    written = types.ModuleType("modelfile_kit.core._version")
    written.version = "9.8.7"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "modelfile_kit.core._version", written)
    assert importlib.reload(version).__version__ == "9.8.7"


def test_a_checkout_that_was_never_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "modelfile_kit.core._version", None)
    assert importlib.reload(version).__version__ == version.UNBUILT
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'fallback-version = "{version.UNBUILT}"' in project
    assert 'version-file = "modelfile_kit/core/_version.py"' in project


@pytest.mark.parametrize(
    ("described", "built"),
    [("", version.UNBUILT), ("v1.2.3", "1.2.3"), ("v1.2.3-4-g0a1b2c3d4", "1.2.4.dev4+g0a1b2c3d4")],
)
def test_an_archive_of_the_repository(tmp_path: Path, described: str, built: str) -> None:
    """`git archive`, and so GitHub, fills in what git would describe: nothing before the first tag.

    With the commit in the file as well such an archive would be version 0.0, older than any other.
    """
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    lines = (ROOT / ".git_archival.txt").read_text(encoding="utf-8").splitlines()
    known = {
        "node-date": "2026-11-01T00:00:00+00:00",
        "describe-name": described,
        "node": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
    }
    filled = [f"{line.partition(':')[0]}: {known[line.partition(':')[0]]}\n" for line in lines]
    (tmp_path / ".git_archival.txt").write_text("".join(filled), encoding="utf-8")
    assert ProjectMetadata(str(tmp_path), PluginManager()).version == built
