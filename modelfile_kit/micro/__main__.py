"""`python -m modelfile_kit.micro FOLDER` writes the micro pair, or a broken one, for trying things out."""

from __future__ import annotations

from pathlib import Path

import click

from . import FAULTS, build_pair


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--fault", type=click.Choice(sorted(FAULTS)), help="Write a pair that is broken in this way.")
@click.option("--style", type=click.Choice(["plain", "think"]), default="plain", show_default=True)
def main(folder: Path, fault: str | None, style: str) -> None:
    """Write the built-in micro model and its projector into FOLDER."""
    pair = build_pair(folder, fault=fault, style=style)
    for path in (pair.model, pair.projector):
        if path:
            click.echo(str(path))


main(prog_name="python -m modelfile_kit.micro")
