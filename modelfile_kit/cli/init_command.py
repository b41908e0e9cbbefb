"""`mkmodelfile init`."""

from __future__ import annotations

from pathlib import Path

import click

from ..core.diagnostics import has_errors
from ..core.errors import UsageError
from ..core.files import write_atomically
from ..gguf_file.soundness import REFUSED
from ..package.draft import draft_package
from ..sources.resolve import place_of
from .command import Command
from .common import print_diagnostics, say
from .names import place_and_folder
from .output import deliver, show


@click.command(
    "init",
    cls=Command,
    examples=(
        "mkmodelfile init model.gguf",
        "mkmodelfile init model.gguf --projector mmproj-model-F16.gguf",
        "mkmodelfile init model.gguf --output -",
        "mkmodelfile init hf.co/ORG/REPO-GGUF:Q4_K_M",
    ),
)
@click.argument("named", metavar="MODEL.gguf")
@click.option(
    "--projector",
    metavar="FILE-or-NAME",
    help="Projector file, or `none`; by default `build` looks for it next to the model.",
)
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Where to write; `-` is stdout."
)
@click.option("--force", is_flag=True, help="Replace an existing package file.")
def command(named: str, projector: str | None, output: Path | None, force: bool) -> None:
    """Write a mkmodelfile.yaml for MODEL.gguf, next to it, from the metadata of the files.

    MODEL.gguf may be a name such as hf.co/ORG/REPO:Q4_K_M, of which only the header is read; the package file
    is then written into the current folder.
    """
    model, home = place_and_folder(named)
    path = output or home / "mkmodelfile.yaml"
    folder = home if str(path) == "-" else path.parent
    if projector not in (None, "none"):
        projector = str(place_of(projector))
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
