"""`mkmodelfile check`.

What only some calls need is imported where it is used, so that the command starts faster.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..building.build import build, model_files
from ..core.diagnostics import Severity
from ..core.errors import EngineError, MissingDependencyError
from ..core.files import write_atomically
from ..report import Report
from ..report.convert import check_cases, reply_cases, reply_facts
from .command import Command
from .common import (
    fail_on_option,
    file_options,
    finish,
    format_option,
    host_option,
    package_argument,
    print_diagnostics,
    refusals_as_report,
    say,
    tokenizer_option,
    tried_replies,
)
from .names import bring_files

if TYPE_CHECKING:
    from ..publish.reply_trials import Source


@click.command(
    "check",
    cls=Command,
    examples=(
        "mkmodelfile check",
        "mkmodelfile check ./my-package --see --html report.html",
        "mkmodelfile check ./my-package --replies --host http://gpu-server:11434",
        "mkmodelfile check --bytes-only --format junit > check.xml",
    ),
)
@package_argument
@file_options
@tokenizer_option
@click.option(
    "--target", metavar="VERSION", help="Oldest Ollama that the model must work on, such as '>=0.30'."
)
@click.option(
    "--replies",
    is_flag=True,
    help="Also see on an Ollama server whether what the model writes is read back: thoughts, calls, answers.",
)
@host_option
@click.option("--see", is_flag=True, help="Also ask the embedded engine about generated test images.")
@click.option(
    "--bytes-only",
    is_flag=True,
    help="Compare bytes, not tokens; needs no llama-cpp-python and no vocabulary.",
)
@click.option(
    "--html", metavar="FILE", type=click.Path(path_type=Path), help="Also write the report as an HTML page."
)
@fail_on_option("error")
@format_option
def command(
    package: Path,
    model: str | None,
    projector: str | None,
    tokenizer: str | None,
    target: str | None,
    replies: bool,
    host: str | None,
    see: bool,
    bytes_only: bool,
    html: Path | None,
    fail_on: str,
    output_format: str,
) -> None:
    """Compare the prompts of PACKAGE with its chat template, byte for byte and token for token."""
    from ..align.package_check import check_package

    with refusals_as_report("check", str(package), output_format):
        built = build(package, model=model, projector=projector, target=target, write=False)
    print_diagnostics(built.diagnostics)
    if see:
        bring_files(model_files(built))
        say("asking the embedded engine about images")
    try:
        checked = check_package(built, tokens=not bytes_only, reference=tokenizer, embedded=see)
    except MissingDependencyError as error:
        hint = f"{error.help}; or compare the bytes alone with --bytes-only"
        raise MissingDependencyError(error.message, help=hint) from error
    cases = check_cases(checked)
    facts: dict[str, object] = {"model": built.files.model.name, "template": built.plan.mode.chosen}
    if checked.vocabulary is not None:
        facts["tokenizer"] = checked.vocabulary.summary
    trip = built.round_trip()
    ways = [replace(w, trip=trip) if w.chosen and w.trip is None else w for w in built.plan.ways]
    facts |= {f"way {way.name}": way.summary for way in ways}
    facts["ways"] = [way.to_dict() for way in ways]
    if trip is not None:
        facts["replies"] = reply_facts(trip)
    if replies:
        from ..publish.reply_sources import source_of_build

        source = source_of_build(built)
        tried = tried_replies(source, built.package.name, host)
        cases += reply_cases(tried)
        facts["replies read by"] = f"{tried.reader} at {tried.host} (Ollama {tried.version})"
        facts["native replies"] = _native(source)
    report = Report("check", built.package.name, cases, checked.diagnostics, facts, Severity(fail_on))
    if html:
        from ..report.html import render

        write_atomically(html, render(report).encode("utf-8", "surrogateescape"))
        say(f"wrote {html}")
    finish(report, output_format)


def _native(source: Source) -> str:
    """What the parser of this machine's llama-server makes of the same replies."""
    from ..replies.native_trip import native_summary, native_trip
    from ..runtime.llama_server import find_llama_server

    program = find_llama_server()
    if program is None:
        return "not seen: llama-server was not found on this machine"
    try:
        return native_summary(native_trip(program, source.reference, source.voice, source.eos_token))
    except EngineError as error:
        return f"not seen: {error.message}"
