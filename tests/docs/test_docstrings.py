"""The examples in docstrings print what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import modelfile_kit

PACKAGE = Path(modelfile_kit.__file__).parent


def modules() -> list[str]:
    """The modules that have an example."""
    found = [p for p in sorted(PACKAGE.rglob("*.py")) if ">>> " in p.read_text(encoding="utf-8")]
    return [".".join(p.relative_to(PACKAGE.parent).with_suffix("").parts) for p in found]


@pytest.mark.parametrize("name", modules())
def test_examples(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(name.removesuffix(".__init__")))
    assert tried and not failed
