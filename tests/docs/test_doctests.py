"""The examples in docstrings run and print what they say."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest

import modelfile_kit

FINDER = doctest.DocTestFinder(exclude_empty=True)


def modules() -> list[ModuleType]:
    """All of the package but those that are only imported where the extra `align` is."""
    found = []
    for module in pkgutil.walk_packages(modelfile_kit.__path__, "modelfile_kit."):
        if not module.name.endswith("__main__"):
            try:
                found.append(importlib.import_module(module.name))
            except ModuleNotFoundError as e:
                if e.name != "llama_cpp":
                    raise
    return found


EXAMPLES = {test.name: test for module in modules() for test in FINDER.find(module) if test.examples}
FUNCTIONS = [name for name in modelfile_kit.__all__ if inspect.isfunction(getattr(modelfile_kit, name))]


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    output: list[str] = []
    result = doctest.DocTestRunner().run(EXAMPLES[name], out=output.append)
    assert result.failed == 0, "".join(output)


def test_every_public_function_has_an_example() -> None:
    assert len(FUNCTIONS) >= 7
    homes = {name: getattr(modelfile_kit, name) for name in FUNCTIONS}
    assert [n for n, f in homes.items() if f"{f.__module__}.{f.__qualname__}" not in EXAMPLES] == []
