"""Which files lint, fmt and test look at, and the project's configuration, which the three share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from ..core.diagnostics import Diagnostic
from ..core.os_errors import os_finding
from ..core.progress import told_steps
from ..lint.project_settings import wrong_words
from ..ollama.grammar import MAX_BYTES
from ..project.config import Config, find_config, read_config
from ..project.nearest import Nearest
from ..project.patterns import Patterns
from ..project.walk import MODELFILES, Search, Skipped
from .common import read_bytes, say
from .flags import current_flags

HERE = (".",)
"""What is looked at where a command line names nothing."""

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class ProjectFiles:
    """The files that were found (`-` among them is standard input), and how."""

    names: tuple[str, ...]
    config: Config
    search: Search
    nearest: Nearest

    def config_of(self, name: str) -> Config:
        """The configuration that a file has: the nearest one. Of standard input that of the run."""
        return self.config if name == "-" else self.nearest.of(name)

    @property
    def unreadable(self) -> list[Diagnostic]:
        """A finding for each folder that could not be looked into."""
        return [os_finding(error) for error in self.search.unreadable]

    def read(self, stage: str, named: Sequence[str], unread: list[Diagnostic]) -> Iterator[tuple[str, bytes]]:
        """Each file with its bytes, of one that is too large one more than a Modelfile may have.

        stage: what is done with them, for the progress. named: on the command line; OSError is raised for
        those. unread: gets a finding for each other file that cannot be read.
        """
        for name in told_steps(stage, self.names, str, len(self.names)):
            try:
                data = read_bytes(name, MAX_BYTES + 1)
            except OSError as error:
                if name in named:
                    raise
                unread.append(os_finding(error))
            else:
                yield name, data


def project_options(command: Function) -> Function:
    """`--config` and `--force-exclude`."""
    command = click.option(
        "--force-exclude",
        is_flag=True,
        help="Leave out what the configuration excludes even where it is named, as pre-commit names files.",
    )(command)
    return click.option(
        "--config",
        metavar="FILE-or-none",
        help="Read this configuration; by default the nearest mkmodelfile.toml, or [tool.mkmodelfile] of a "
        "pyproject.toml, upward.",
    )(command)


def project_config(names: Sequence[str], config: str | None) -> Config:
    """The configuration for what is named on the command line. config: what `--config` says.

    Raises ConfigError with everything that is wrong with it, whichever command reads it.
    """
    if config is None:
        return find_config(names, wrong_words)
    found = Config() if config == "none" else read_config(Path(config), wrong_words)
    return replace(found, alone=True)


def project_files(
    names: Sequence[str],
    config: Config,
    *,
    force_exclude: bool,
    wanted: Iterable[str] | None = None,
    what: str = "Modelfile",
) -> ProjectFiles:
    """The files that names, folders and patterns mean.

    wanted: patterns of the files that are taken below a folder; by default those of Modelfiles.
    Raises UsageError for a folder or pattern in which there is none.
    """
    search = Search(
        Patterns(wanted if wanted is not None else config.include or MODELFILES),
        what,
        Patterns(config.exclude),
        config.folder,
        config.respect_gitignore,
        force_exclude,
    )
    nearest = Nearest(config, wrong_words)
    found = []
    for name in search.find(names):
        if name != "-" and (force_exclude or name not in names) and nearest.excludes(name):
            search.skipped.append(Skipped(name, "exclude"))
        else:
            found.append(name)
    if current_flags().verbose:
        for one in search.skipped:
            say(f"skipped {one.path} ({one.why})")
    return ProjectFiles(tuple(found), config, search, nearest)


def was_given(name: str) -> bool:
    """Whether an option of the command that runs was on the command line."""
    source = click.get_current_context().get_parameter_source(name)
    return source is click.core.ParameterSource.COMMANDLINE
