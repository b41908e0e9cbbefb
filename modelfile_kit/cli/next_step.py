"""What to run next, as a line on stderr: `next: mkmodelfile check my-package`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from ..core.urls import hide_logins
from .common import NEXT

# The options that say which files are meant, by the names of their parameters.
_OPTIONS = {
    "variants": "--variant",
    "model": "--model",
    "projector": "--projector",
    "target": "--target",
    "host": "--host",
}


def say_next(*words: str) -> None:
    """The command that usually comes next, shown as the last line unless --quiet.

    A password in an address is hidden: the line stays in the log of a CI service.
    """
    click.get_current_context().meta[NEXT] = f"next: {shlex.join(map(hide_logins, words))}"


def with_same_files(command: str, options: Sequence[str] = ("variants", "model", "projector")) -> list[str]:
    """A command line for the package and the files of the command that runs.

    options: parameters that both commands have; those that were given are handed on.
    """
    given = click.get_current_context().params
    words = ["mkmodelfile", command]
    if given.get("package") not in (None, Path()):
        words.append(str(given["package"]))
    for name in options:
        value = given.get(name)
        for one in value if isinstance(value, tuple) else () if value is None else (value,):
            words += [_OPTIONS[name], str(one)]
    return words
