"""How lint is set for a file: by the editor, by the project's configuration, by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.diagnostics import Diagnostic
from ..core.errors import KitError
from ..core.sizes import read_memory
from ..lint.choice import EVERYTHING, Choice
from ..lint.project_settings import choice_of, wrong_words
from ..project.nearest import Nearest
from .answers import OpenFile

LATEST = "latest"


@dataclass(frozen=True)
class LintSettings:
    """target, choice, memory: as `lint_modelfile` takes them. base: None where no file is to be looked at.

    excluded: whether the project leaves the file out. faults: what is wrong with the configuration, which
    then does not count.
    """

    target: str = LATEST
    choice: Choice = EVERYTHING
    memory: int | None = None
    base: Path | None = None
    excluded: bool = False
    faults: tuple[Diagnostic, ...] = ()


def lint_settings(file: OpenFile) -> LintSettings:
    """The settings for a file: what the editor has set comes before what `mkmodelfile lint` would read."""
    if file.path is None:
        return LintSettings(file.target or LATEST)
    try:
        nearest = Nearest.of_repository(str(file.path), wrong_words)
        return _of_project(file, str(file.path), nearest)
    except (KitError, OSError) as error:
        faults = error.findings if isinstance(error, KitError) else ()
        return LintSettings(file.target or LATEST, base=file.folder, faults=faults)


def _of_project(file: OpenFile, name: str, nearest: Nearest) -> LintSettings:
    config = nearest.of(name)
    lint: Mapping[str, Any] = config.lint
    return LintSettings(
        target=file.target or config.target or LATEST,
        choice=choice_of(config).for_file(config.parts_of(name)),
        memory=read_memory(lint["memory"]) if "memory" in lint else None,
        base=file.folder if lint.get("files", True) else None,
        excluded=nearest.leaves_out(name),
    )
