"""How lint is set for a file: by the editor, by the project's configuration, by default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.diagnostics import Diagnostic
from ..core.errors import KitError, UsageError
from ..core.sizes import read_memory
from ..lint.choice import ALL, EVERYTHING, Choice
from ..ollama.versions import Target
from ..project.config import CODE, Config, find_config
from ..project.patterns import Patterns
from .answers import OpenFile

LATEST = "latest"


@dataclass(frozen=True)
class LintSettings:
    """target, choice, memory: as `lint_modelfile` takes them. base: None where no file is to be looked at.

    excluded: whether the project leaves the file out. fault: what is wrong with the configuration, which then
    does not count.
    """

    target: str = LATEST
    choice: Choice = EVERYTHING
    memory: int | None = None
    base: Path | None = None
    excluded: bool = False
    fault: Diagnostic | None = None


def lint_settings(file: OpenFile) -> LintSettings:
    """The settings for a file: what the editor has set comes before what `mkmodelfile lint` would read."""
    if file.path is None:
        return LintSettings(file.target or LATEST)
    try:
        return _of_project(file, file.path, find_config([str(file.path)]))
    except (KitError, OSError) as error:
        fault = error.to_diagnostic() if isinstance(error, KitError) else None
        return LintSettings(file.target or LATEST, base=file.folder, fault=fault)


def _of_project(file: OpenFile, path: Path, config: Config) -> LintSettings:
    lint: Mapping[str, Any] = config.lint
    try:
        choice = Choice(lint.get("select", ALL), lint.get("ignore", ()), lint.get("per-file-ignores", {}))
        if config.target:
            Target.parse(config.target)
        memory = read_memory(lint["memory"]) if "memory" in lint else None
    except UsageError as error:  # a word of the configuration
        error.span, error.code = config.span("lint" if config.lint else "target"), CODE
        raise
    parts = Path(os.path.relpath(path, config.folder)).parts
    return LintSettings(
        target=file.target or config.target or LATEST,
        choice=choice.for_file(parts),
        memory=memory,
        base=file.folder if lint.get("files", True) else None,
        excluded=bool(config.exclude) and Patterns(config.exclude).cover(parts),
    )
