"""`mkmodelfile build`."""

from __future__ import annotations

from pathlib import Path

import click

from ..building.build import REPORT, build
from ..report import Report
from .command import Command
from .common import (
    file_options,
    format_option,
    package_argument,
    print_diagnostics,
    print_report,
    refusals_as_report,
    say,
)
from .output import show


@click.command(
    "build",
    cls=Command,
    examples=(
        "mkmodelfile build",
        "mkmodelfile build ./my-package --output dist",
        "mkmodelfile build --target '>=0.30' --format sarif > findings.sarif",
    ),
)
@package_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder to write into; by default build/NAME in the package.",
)
@file_options
@click.option(
    "--target", metavar="VERSION", help="Oldest Ollama that the model must work on, such as '>=0.30'."
)
@click.option(
    "--projector-directive",
    type=click.Choice(["from", "projector"]),
    default="from",
    show_default=True,
    help="Write the projector as a second FROM, or as the PROJECTOR instruction.",
)
@format_option
def command(
    package: Path,
    output: Path | None,
    model: str | None,
    projector: str | None,
    target: str | None,
    projector_directive: str,
    output_format: str,
) -> None:
    """Write a validated Modelfile and report.json for PACKAGE.

    The path of the Modelfile goes to stdout and findings to stderr; with another --format than text a
    report with the findings goes to stdout instead. Nothing is written when something is wrong.
    """
    with refusals_as_report("build", str(package), output_format):
        built = build(
            package,
            output,
            model=model,
            projector=projector,
            target=target,
            projector_directive=projector_directive,
        )
    if output_format != "text":
        facts = {"modelfile": str(built.path), "report": str(built.path.with_name(REPORT))}
        report = Report("build", built.package.name, diagnostics=built.diagnostics, facts=facts)
        print_report(report, output_format)
        return
    print_diagnostics(built.diagnostics)
    for line in built.summary():
        say(line)
    show(str(built.path))
