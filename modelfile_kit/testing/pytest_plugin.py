"""pytest runs the golden tests of packages: `pytest --mkmodelfile packages/`.

pytest loads this in every environment that has the kit, so it imports nothing of the kit and collects
nothing until it is asked to: by `--mkmodelfile`, or by `mkmodelfile = true` in pytest's configuration.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ..building.build import Build
    from ..report.model import Case

# The item for golden files that belong to no conversation; no conversation can be called so.
LEFT_OVER = "(no other files)"
_STAND_IN = pytest.StashKey[tuple[str | None, str | None]]()
_STACK = pytest.StashKey[contextlib.ExitStack]()


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


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> PackageFile | None:
    """A package file is a collector of one test for each of its conversations."""
    if not _wanted(parent.config, "mkmodelfile"):
        return None
    from ..package.package import FILE_NAMES

    return PackageFile.from_parent(parent, path=file_path) if file_path.name in FILE_NAMES else None


def pytest_unconfigure(config: pytest.Config) -> None:
    """The micro pair goes away with the session."""
    if stack := config.stash.get(_STACK, None):
        stack.close()


def _wanted(config: pytest.Config, name: str) -> bool:
    return bool(config.getoption(name) or config.getini(name))


def _stand_in(config: pytest.Config) -> tuple[str | None, str | None]:
    """Model and projector in place of the package's, made once a session."""
    if _STAND_IN not in config.stash:
        from .package_run import micro_stand_in

        files: tuple[str | None, str | None] = (None, None)
        if _wanted(config, "mkmodelfile_micro"):
            config.stash[_STACK] = stack = contextlib.ExitStack()
            files = stack.enter_context(micro_stand_in())
        config.stash[_STAND_IN] = files
    return config.stash[_STAND_IN]


class PackageFile(pytest.File):
    """A mkmodelfile.yaml: built when it is collected, compared when its first test runs."""

    def collect(self) -> Iterator[GoldenItem]:
        from ..core.errors import KitError
        from .package_run import build_for_test

        model, projector = _stand_in(self.config)
        try:
            built = build_for_test(self.path, model, projector)
            names = [c.id for c in built.conversations()]
        except KitError as error:
            yield GoldenItem.from_parent(self, name="build", error=error)
            return
        self._built, self.names = built, frozenset(names)
        for name in names:
            yield GoldenItem.from_parent(self, name=name)
        yield GoldenItem.from_parent(self, name=LEFT_OVER)

    @cached_property
    def cases(self) -> dict[str, Case]:
        """What the comparison found, by conversation."""
        from .package_run import run_golden

        built: Build = self._built
        update = bool(self.config.getoption("mkmodelfile_update"))
        return {c.name: c for c in run_golden(built, update=update, note=_note)}


def _note(text: str) -> None:
    warnings.warn(pytest.PytestWarning(text), stacklevel=2)


class GoldenError(Exception):
    """A golden test that failed, with the lines that say how."""


class GoldenItem(pytest.Item):
    """The golden files of one conversation; or what is wrong with the package as a whole."""

    def __init__(self, *, error: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.error = error

    def runtest(self) -> None:
        from ..core.errors import KitError
        from ..report.model import Status

        if self.error is not None:
            found = getattr(self.error, "diagnostics", None) or (self.error.to_diagnostic(),)
            raise GoldenError("\n".join(map(str, found)))
        package = self.parent
        assert isinstance(package, PackageFile)
        try:
            cases = package.cases
        except KitError as error:
            raise GoldenError(str(error.to_diagnostic())) from error
        mine = [self.name] if self.name != LEFT_OVER else [n for n in cases if n not in package.names]
        bad = [cases[name] for name in mine if cases[name].status is Status.FAILED]
        if bad:
            raise GoldenError("\n".join(line for case in bad for line in _lines(case)))

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The finding and the difference; a traceback through the kit would say nothing."""
        if isinstance(excinfo.value, GoldenError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"{self.path.parent.name}: {self.name}"


def _lines(case: Case) -> Iterator[str]:
    yield from map(str, case.diagnostics)
    yield from case.details.splitlines()
