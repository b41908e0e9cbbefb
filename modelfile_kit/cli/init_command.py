"""`mkmodelfile init`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..core.diagnostics import has_errors
from ..core.errors import UsageError
from ..core.files import write_atomically
from ..drafting.upstream import hold_to_upstream
from ..gguf_file.soundness import REFUSED
from ..package.draft import draft_package, draft_variants
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
        "mkmodelfile init model-Q4_K_M.gguf model-Q8_0.gguf",
        "mkmodelfile init hf.co/ORG/REPO-GGUF:Q4_K_M",
    ),
)
@click.argument("named", metavar="MODEL.gguf...", nargs=-1, required=True)
@click.option(
    "--projector",
    metavar="FILE-or-NAME",
    help="Projector file, or `none`; by default `build` looks for it next to the model.",
)
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Where to write; `-` is stdout."
)
@click.option("--force", is_flag=True, help="Replace an existing package file.")
def command(named: tuple[str, ...], projector: str | None, output: Path | None, force: bool) -> None:
    """Write a mkmodelfile.yaml for MODEL.gguf, next to it, from the metadata of the files.

    MODEL.gguf may be a name such as hf.co/ORG/REPO:Q4_K_M, of which only the header is read; the package file
    is then written into the current folder. Several GGUFs of one model become its variants, each with a tag
    of its own; a projector may be among them.
    """
    places = [place_and_folder(one) for one in named]
    home = places[0][1]
    path = output or home / "mkmodelfile.yaml"
    folder = home if str(path) == "-" else path.parent
    if projector not in (None, "none"):
        projector = str(place_of(projector))
    options: dict[str, Any] = {"projector": projector, "folder": folder}
    models = [model for model, _ in places]
    draft = draft_package(models[0], **options) if len(models) == 1 else draft_variants(models, **options)
    for fact in draft.facts:
        say(fact)
    held = hold_to_upstream(models[0])
    for line in held.lines if held else ():
        say(line)
    print_diagnostics((*draft.diagnostics, *([held.diagnostic] if held else ())))
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
