"""The version is what the build wrote; a checkout that was never built says what pyproject.toml says."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator

import pytest

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
