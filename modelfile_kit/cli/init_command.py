"""`mkmodelfile init`."""

from __future__ import annotations

from pathlib import Path

import click

from ..core.diagnostics import has_errors
from ..core.errors import UsageError
from ..core.files import write_atomically
from ..gguf_file.soundness import REFUSED
from ..package.draft import draft_package
from .command import Command
from .common import print_diagnostics, say
from .output import deliver, show


@click.command(
    "init",
    cls=Command,
    examples=(
        "mkmodelfile init model.gguf",
        "mkmodelfile init model.gguf --projector mmproj-model-F16.gguf",
        "mkmodelfile init model.gguf --output -",
    ),
)
@click.argument("model", metavar="MODEL.gguf", type=click.Path(path_type=Path))
@click.option(
    "--projector",
    metavar="FILE",
    help="Projector file, or `none`; by default `build` looks for it next to the model.",
)
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Where to write; `-` is stdout."
)
@click.option("--force", is_flag=True, help="Replace an existing package file.")
def command(model: Path, projector: str | None, output: Path | None, force: bool) -> None:
    """Write a mkmodelfile.yaml for MODEL.gguf, next to it, from the metadata of the files."""
    path = output or model.parent / "mkmodelfile.yaml"
    folder = model.parent if str(path) == "-" else path.parent
    draft = draft_package(model, projector=projector, folder=folder)
    for fact in draft.facts:
        say(fact)
    print_diagnostics(draft.diagnostics)
    if has_errors(d for d in draft.diagnostics if d.code in REFUSED):
        raise click.exceptions.Exit(1)
    if str(path) == "-":
        deliver(draft.text)
    else:
        if path.exists() and not path.is_dir() and not force:
            raise UsageError(
                f"{path} exists already", help="use --force to replace it, or -o for another file"
            )
        write_atomically(path, draft.text.encode())
        show(str(path))
    if has_errors(draft.diagnostics):
        raise click.exceptions.Exit(1)
