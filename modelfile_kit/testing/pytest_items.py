"""The golden tests of a package file as pytest collects and runs them, for `pytest_plugin`."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from ..core.errors import KitError
from ..package.package import FILE_NAMES
from ..report.model import Case, Status
from .golden_run import run_golden
from .golden_variants import variants_for_test
from .stand_in_file import MicroFiles

# The item for the replies, and for golden files that belong to no conversation; none can be called so.
LEFT_OVER = "(replies and other files)"
_MICRO_FILES = pytest.StashKey[MicroFiles]()


def _stand_in(config: pytest.Config, package: Path) -> tuple[str | None, str | None]:
    """Model and projector in place of the package's, made once a session."""
    if not (config.getoption("mkmodelfile_micro") or config.getini("mkmodelfile_micro")):
        return None, None
    if _MICRO_FILES not in config.stash:
        stack = contextlib.ExitStack()
        config.add_cleanup(stack.close)
        config.stash[_MICRO_FILES] = stack.enter_context(MicroFiles())
    return config.stash[_MICRO_FILES].of(package)


class PackageFile(pytest.File):
    """A mkmodelfile.yaml: built when it is collected, compared when its first test runs."""

    @classmethod
    def of(cls, path: Path, parent: pytest.Collector) -> PackageFile | None:
        """The collector of a file; None for what is no package file."""
        return cls.from_parent(parent, path=path) if path.name in FILE_NAMES else None

    def collect(self) -> Iterator[GoldenItem]:
        try:
            self._tested = variants_for_test(self.path, *_stand_in(self.config, self.path))
            compared = [one for one in self._tested if not one.cases]
            names = [one.prefix + c.id for one in compared for c in one.build.conversations()]
        except KitError as error:
            yield GoldenItem.from_parent(self, name="build", error=error)
            return
        names += [one.prefix + case.name for one in self._tested for case in one.cases]
        self.names = frozenset(names)
        for name in names:
            yield GoldenItem.from_parent(self, name=name)
        yield GoldenItem.from_parent(self, name=LEFT_OVER)

    @cached_property
    def cases(self) -> dict[str, Case]:
        """What the comparison found, by conversation."""
        update = bool(self.config.getoption("mkmodelfile_update"))
        return {
            one.prefix + case.name: case
            for one in self._tested
            for case in one.cases or run_golden(one.build, folder=one.folder, update=update, note=_note)
        }


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
        if self.error is not None:
            raise GoldenError("\n".join(map(str, self.error.findings)))
        package = self.parent
        assert isinstance(package, PackageFile)
        try:
            cases = package.cases
        except KitError as error:
            raise GoldenError("\n".join(map(str, error.findings))) from error
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
