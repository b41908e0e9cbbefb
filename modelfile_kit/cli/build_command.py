"""`mkmodelfile build`."""

from __future__ import annotations

from pathlib import Path

import click

from ..building.build import REPORT, Build, build, model_files
from ..core.diagnostics import Diagnostic
from ..packing.hub_files import write_hub_files
from ..packing.oci_layout import write_layout
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
    step_progress,
)
from .names import bring_files
from .output import show


@click.command(
    "build",
    cls=Command,
    examples=(
        "mkmodelfile build",
        "mkmodelfile build ./my-package --output dist",
        "mkmodelfile build --for hf",
        "mkmodelfile build --target '>=0.30' --format sarif > findings.sarif",
    ),
)
@package_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder to write into; by default build/NAME in the package, with --for hf or oci a folder in it.",
)
@click.option(
    "--for",
    "purpose",
    type=click.Choice(["ollama", "hf", "oci"]),
    default="ollama",
    show_default=True,
    help="Write a Modelfile, the files of a repository on Hugging Face's hub, or an OCI image layout.",
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
    purpose: str,
    model: str | None,
    projector: str | None,
    target: str | None,
    projector_directive: str,
    output_format: str,
) -> None:
    """Write a validated Modelfile and report.json for PACKAGE, or the folder of a hub or a registry.

    The path of the Modelfile, or of the folder, goes to stdout and findings to stderr; with another --format
    than text a report with the findings goes to stdout instead. Nothing is written when something is wrong.
    """
    if purpose != "ollama" and projector_directive != "from":
        raise click.UsageError(f"--projector-directive goes with --for ollama, not with --for {purpose}")
    with refusals_as_report("build", str(package), output_format):
        built = build(
            package,
            output,
            model=model,
            projector=projector,
            target=target,
            projector_directive=projector_directive,
            write=purpose == "ollama",
        )
        path, facts, found = built.path, {"modelfile": str(built.path)}, built.diagnostics
        if purpose == "ollama":
            facts["report"] = str(built.path.with_name(REPORT))
        else:
            path, more = _pack(built, purpose, output)
            facts, found = {"folder": str(path)}, (*found, *more)
    if output_format != "text":
        print_report(Report("build", built.package.name, diagnostics=found, facts=facts), output_format)
        return
    print_diagnostics(found)
    for line in built.summary():
        say(line)
    show(str(path))


def _pack(built: Build, purpose: str, output: Path | None) -> tuple[Path, tuple[Diagnostic, ...]]:
    """Writes the folder for a hub or a registry; what it does not carry."""
    bring_files(model_files(built))
    with step_progress() as progress:
        if purpose == "hf":
            folder, made = write_hub_files(built, output, progress=progress)
            return folder, made.diagnostics
        folder, artifact = write_layout(built, output, progress=progress)
        return folder, artifact.diagnostics
