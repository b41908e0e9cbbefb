"""What is missing without Pillow is said, with the extra that brings it."""

from __future__ import annotations

import importlib.util

import pytest

from modelfile_kit.core.errors import MissingDependencyError
from modelfile_kit.core.extras import installed, need_pillow
from tools.advisories import project_table


def test_a_missing_library_names_the_extra_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    need_pillow("an image")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert not installed("PIL")
    with pytest.raises(MissingDependencyError, match="an image needs the library Pillow") as raised:
        need_pillow("an image")
    assert raised.value.help == 'pip install "modelfile-kit[images]"'
    [requirement] = project_table()["optional-dependencies"]["images"]
    assert requirement.startswith("pillow>=")
