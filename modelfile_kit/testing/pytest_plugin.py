"""pytest runs the golden tests of packages: `pytest --mkmodelfile packages/`.

pytest loads this in every environment that has the kit, so it imports nothing of the kit and collects
nothing until it is asked to: by `--mkmodelfile`, or by `mkmodelfile = true` in pytest's configuration.
"""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options `--mkmodelfile…` and the settings of the same names."""
    group = parser.getgroup("mkmodelfile", "golden prompts of mkmodelfile packages")
    group.addoption("--mkmodelfile", action="store_true", help="collect mkmodelfile.yaml files as tests")
    group.addoption(
        "--mkmodelfile-micro", action="store_true", help="with the built-in micro pair in place of all models"
    )
    group.addoption(
        "--mkmodelfile-update", action="store_true", help="write the golden files instead of comparing"
    )
    parser.addini("mkmodelfile", "collect mkmodelfile.yaml files as tests", type="bool", default=False)
    parser.addini(
        "mkmodelfile_micro", "use the built-in micro pair in place of all models", type="bool", default=False
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A package file is a collector of one test for each of its conversations."""
    if not (parent.config.getoption("mkmodelfile") or parent.config.getini("mkmodelfile")):
        return None
    # pytest loads this file in every environment that has the kit; the kit itself only for its tests.
    from .pytest_items import PackageFile

    return PackageFile.of(file_path, parent)
