"""`mkmodelfile fmt`."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from ..core.errors import ModelfileError
from ..core.files import write_atomically
from ..core.foreign_text import shown
from ..lint.fmt import format_modelfile
from ..ollama.decoding import decode
from .command import Command
from .common import print_diagnostics, say
from .output import deliver, show
from .project_files import HERE, project_config, project_files, project_options


@click.command(
    "fmt",
    cls=Command,
    examples=(
        "mkmodelfile fmt Modelfile",
        "mkmodelfile fmt --check --diff Modelfile",
        "mkmodelfile fmt --check",
        "mkmodelfile fmt - < Modelfile",
    ),
)
@click.argument("modelfiles", nargs=-1, metavar="[MODELFILE-or-FOLDER]...")
@click.option("--check", is_flag=True, help="Change nothing; exit with code 1 if something would change.")
@click.option("--diff", is_flag=True, help="Show what would change, and change nothing.")
@project_options
def command(
    modelfiles: tuple[str, ...], check: bool, diff: bool, config: str | None, force_exclude: bool
) -> None:
    """Format Modelfiles in place, without changing what Ollama reads. `-` formats stdin to stdout.

    Takes files, folders of them and patterns, as lint does; by default the current folder.
    """
    modelfiles = modelfiles or HERE
    settings = project_config(modelfiles, config)
    files = project_files(modelfiles, settings, force_exclude=force_exclude)
    unread = files.unreadable
    changed = failed = False
    for name, data in files.read("format", modelfiles, unread):
        try:
            text = format_modelfile(data, file=name)
        except ModelfileError as error:
            from ..lint.refusals import refusals  # brings what only a fault needs

            print_diagnostics(refusals(data, name) or [error.to_diagnostic()])
            failed = True
            continue
        differs = text.encode() != data
        changed |= differs
        if diff and differs:
            lines = list(
                difflib.unified_diff(decode(data).splitlines(), text.splitlines(), name, name, lineterm="")
            )
            if lines:
                show("\n".join(map(shown, lines)))
            else:
                say(f"{name}: only its encoding, byte order mark or ends of lines would change")
        elif name == "-" and not check:
            deliver(text)
        elif differs and check:
            say(f"{name} would change")
        elif differs:
            write_atomically(Path(name), text.encode())
            say(f"formatted {name}")
    print_diagnostics(unread)
    if unread:
        raise click.exceptions.Exit(2)
    if failed or (changed and (check or diff)):
        raise click.exceptions.Exit(1)
