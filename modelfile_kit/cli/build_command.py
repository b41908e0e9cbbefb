"""`mkmodelfile build`."""

from __future__ import annotations

from pathlib import Path

import click

from ..building.build import build
from ..core.diagnostics import has_errors
from .common import file_options, package_argument, print_diagnostics, say


@click.command("build")
@package_argument
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The folder to write into.")
@file_options
@click.option("--target", metavar="VERSION", help="The oldest Ollama it must work on, e.g. '>=0.30'.")
@click.option(
    "--projector-directive",
    type=click.Choice(["from", "projector"]),
    default="from",
    show_default=True,
    help="How the projector is written: for stock Ollama, or as the PROJECTOR instruction.",
)
def command(
    package: Path,
    output: Path | None,
    model: str | None,
    projector: str | None,
    target: str | None,
    projector_directive: str,
) -> None:
    """Write a validated Modelfile and report.json for PACKAGE.

    The path of the Modelfile goes to stdout. Nothing is written when something is wrong.
    """
    built = build(
        package,
        output,
        model=model,
        projector=projector,
        target=target,
        projector_directive=projector_directive,
    )
    print_diagnostics(built.diagnostics)
    if has_errors(built.diagnostics):
        raise click.exceptions.Exit(1)
    for line in built.summary():
        say(line)
    click.echo(str(built.path))
