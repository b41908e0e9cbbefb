"""`mkmodelfile build`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from ..building.build import REPORT, Build, default_output, model_files
from ..building.variants import VariantBuild, build_variants
from ..core.diagnostics import Diagnostic, Severity
from ..package.package import Package, load_package
from ..packing.hub_files import write_hub_files
from ..packing.oci_layout import write_layout
from ..packing.variants import Packed, pack_for_hub, pack_for_registry
from ..report import Report, Status
from ..report.panel import panel_lines, rows_of
from ..report.terminal import notes
from .command import Command
from .common import (
    file_options,
    finish,
    format_option,
    is_verbose,
    package_argument,
    print_report,
    print_serious,
    say,
    say_drawn,
    write_report_files,
)
from .names import bring_files
from .next_step import say_next, with_same_files
from .output import panel_width, show, wants_color
from .progress import step_progress
from .variants import Outcome, failed, raise_if_all_alike, report_of_variants, say_table, variant_option


@click.command(
    "build",
    cls=Command,
    examples=(
        "mkmodelfile build",
        "mkmodelfile build ./my-package --variant q4_K_M --variant q8_0 --output dist",
        "mkmodelfile build --for hf",
        "mkmodelfile build --target '>=0.30' --format sarif > findings.sarif",
    ),
)
@package_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder to write into; by default build/NAME in the package, with --for hf or oci a folder in it. "
    "Of several variants each gets a folder of its own in it; with --for hf or oci all are in one.",
)
@click.option(
    "--for",
    "purpose",
    type=click.Choice(["ollama", "hf", "oci"]),
    default="ollama",
    show_default=True,
    help="Write a Modelfile, the files of a repository on Hugging Face's hub, or an OCI image layout.",
)
@variant_option
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
@click.option(
    "--update-lock",
    is_flag=True,
    help="Take what the package's names stand for now, show what changes, and write it to mkmodelfile.lock.",
)
@click.option(
    "--locked", is_flag=True, help="Refuse a mkmodelfile.lock that lacks a name of the package; write none."
)
@format_option
def command(
    package: Path,
    output: Path | None,
    purpose: str,
    variants: tuple[str, ...],
    model: str | None,
    projector: str | None,
    target: str | None,
    projector_directive: str,
    update_lock: bool,
    locked: bool,
    output_format: str,
) -> None:
    """Write a validated Modelfile and report.json for PACKAGE and its variants, or for a hub or a registry.

    The path of the Modelfile, or of the folder, goes to stdout and findings to stderr; with another --format
    than text a report with the findings goes to stdout instead. Nothing is written when something is wrong.
    """
    if purpose != "ollama" and projector_directive != "from":
        raise click.UsageError(f"--projector-directive goes with --for ollama, not with --for {purpose}")
    if update_lock and locked:
        raise click.UsageError("--locked writes no lock, and --update-lock writes one: give one of them")
    whole = load_package(package, lock="update" if update_lock else "locked" if locked else "keep")
    builds = build_variants(
        whole,
        variants,
        output=output,
        model=model,
        projector=projector,
        target=target,
        projector_directive=projector_directive,
        write=purpose == "ollama",
        clock=time.monotonic,
    )
    raise_if_all_alike(builds)
    if len(builds) == 1:
        assert builds[0].built is not None
        _tell(builds[0].built, purpose, output, output_format)
        return
    folder = output if purpose == "ollama" else _folder(whole, purpose, output)
    _tell_all(package, builds, purpose, folder, output_format)


def _tell(built: Build, purpose: str, output: Path | None, output_format: str) -> None:
    path, facts, found = built.path, _facts(built), built.diagnostics
    if purpose != "ollama":
        path, more = _pack(built, purpose, output)
        facts, found = _facts_of_folder(built, path), (*found, *more)
    report = Report("build", built.package.name, diagnostics=found, facts=facts)
    if output_format != "text":
        print_report(report, output_format)
        return
    write_report_files(report)
    remarks = print_serious(found)
    if is_verbose():
        say_summary(built)
    else:
        said = f"built {built.package.name}: {built.plan.mode.why}"
        say("; ".join(filter(None, (said, notes(remarks)))))
        for line in built.not_here():
            say(line)
    show(str(path))
    say_next(*_next(purpose))


def say_summary(built: Build) -> None:
    """The decisions of a build: a panel on a terminal, plain lines anywhere else."""
    width = panel_width(sys.stderr)
    if width is None:
        for line in built.summary():
            say(line)
    else:
        rows, color = rows_of(built.summary(), 11), wants_color(sys.stderr)
        say_drawn(panel_lines(built.package.name, rows, width=width, color=color))


def _next(purpose: str) -> list[str]:
    """The command line that usually follows."""
    if purpose == "ollama":
        return with_same_files("check", ("variants", "model", "projector", "target"))
    places = {"hf": "hf.co/ORG/REPO", "oci": "oci://HOST/REPOSITORY"}
    return [*with_same_files("push"), "--to", places[purpose]]


def _pack(built: Build, purpose: str, output: Path | None) -> tuple[Path, tuple[Diagnostic, ...]]:
    """Writes the folder for a hub or a registry; what it does not carry."""
    bring_files(model_files(built))
    with step_progress() as progress:
        if purpose == "hf":
            folder, made = write_hub_files(built, output, progress=progress)
            return folder, made.diagnostics
        folder, artifact = write_layout(built, output, progress=progress)
        return folder, artifact.diagnostics


def _folder(whole: Package, purpose: str, output: Path | None) -> Path:
    """The one folder of all variants for a hub or a registry."""
    return output or default_output(whole) / purpose


def _tell_all(
    package: Path, builds: Sequence[VariantBuild], purpose: str, folder: Path | None, output_format: str
) -> None:
    """Every variant: its findings and its Modelfile, and the table at the end."""
    packed: dict[str, Packed] = {}
    if purpose != "ollama" and folder is not None:
        with step_progress() as progress:
            pack = pack_for_hub if purpose == "hf" else pack_for_registry
            packed = pack(builds, folder, progress)
    outcomes = [_outcome(one, packed.get(one.tag), folder) for one in builds]
    report = report_of_variants("build", str(package), outcomes)
    if output_format != "text":
        finish(report, output_format)
        return
    write_report_files(report)
    for one, outcome, case in zip(builds, outcomes, report.cases, strict=True):
        said = f"{one.package.name}  {outcome.summary}"
        remarks = () if is_verbose() else (d for d in case.diagnostics if d.severity is Severity.INFO)
        say("; ".join(filter(None, (said, notes(remarks)))))
        print_serious(case.diagnostics)
        if one.built is None or outcome.status is Status.FAILED:
            continue
        for line in [] if one.same_as or not is_verbose() else one.built.summary():
            say(f"  {line}")
        if purpose == "ollama":
            show(str(one.built.path))
    if packed and any(outcome.status is Status.PASSED for outcome in outcomes):
        show(str(folder))
    say_table(outcomes)
    if not report.ok:
        raise click.exceptions.Exit(1)
    say_next(*_next(purpose))


def _outcome(one: VariantBuild, packed: Packed | None, folder: Path | None) -> Outcome:
    error = one.error if packed is None else packed.error
    if one.built is None or error is not None:
        assert error is not None
        return failed(one, error)
    summary = f"prompts, tokens and replies as those of {one.same_as}" if one.same_as else "built"
    found, facts = one.built.diagnostics, _facts(one.built)
    if packed is not None:
        assert folder is not None
        found, facts = (*found, *packed.diagnostics), _facts_of_folder(one.built, folder)
    return Outcome(one, "built", summary=summary, diagnostics=found, facts=facts)


def _facts(built: Build) -> dict[str, object]:
    files = {"modelfile": str(built.path), "report": str(built.path.with_name(REPORT))}
    return {**files, "build": _decisions(built)}


def _facts_of_folder(built: Build, folder: Path) -> dict[str, object]:
    """What was written for a hub or a registry, and the decisions of the build."""
    files = [
        {"name": path.relative_to(folder).as_posix(), "size": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    return {"folder": str(folder), "files": files, "build": _decisions(built)}


def _decisions(built: Build) -> dict[str, object]:
    """What report.json says, without the findings, which the report of the command has."""
    return {key: value for key, value in built.report.items() if key != "diagnostics"}
