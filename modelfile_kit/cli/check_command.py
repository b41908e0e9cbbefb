"""`mkmodelfile check`.

What only some calls need is imported where it is used, so that the command starts faster.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..building.build import Build, model_files
from ..building.variant_differences import CODES
from ..building.variants import VariantBuild, build_variants
from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import EngineError, KitError, MissingDependencyError
from ..core.files import write_atomically
from ..report import Report, Status
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
    say,
    tokenizer_option,
    tried_replies,
)
from .names import bring_files
from .variants import Outcome, failed, own_findings, raise_if_all_alike, report_of_variants, variant_option

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
@variant_option
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
    variants: tuple[str, ...],
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
    """Compare the prompts of PACKAGE with its chat template, byte for byte and token for token.

    Of a package with variants all are checked; what several have in common is looked at once.
    """
    builds = build_variants(
        package,
        variants,
        model=model,
        projector=projector,
        target=target,
        write=False,
        clock=time.monotonic,
    )
    raise_if_all_alike(builds)
    how = _How(tokenizer, replies, host, see, bytes_only, Severity(fail_on))
    if len(builds) > 1:
        report = _all(str(package), builds, how)
    else:
        assert builds[0].built is not None
        print_diagnostics(builds[0].built.diagnostics)
        report = _report(builds[0].built, how)
    if html:
        from ..report.html import render

        write_atomically(html, render(report).encode("utf-8", "surrogateescape"))
        say(f"wrote {html}")
    finish(report, output_format)


@dataclass(frozen=True)
class _How:
    """The options that say what is looked at."""

    tokenizer: str | None
    replies: bool
    host: str | None
    see: bool
    bytes_only: bool
    fail_on: Severity


def _all(subject: str, builds: Sequence[VariantBuild], how: _How) -> Report:
    """Every variant; prompts, tokens and replies that are the same are looked at once.

    Images are answered by the weights, so with --see each variant is asked.
    """
    outcomes: dict[str, Outcome] = {}
    told: set[Diagnostic] = set()
    for one in builds:
        if one.built is None:
            assert one.error is not None
            outcomes[one.tag] = failed(one, one.error)
            continue
        print_diagnostics(d for d in one.built.diagnostics if d not in told and d.code not in CODES)
        told.update(one.built.diagnostics)
        own = Report("check", one.tag, diagnostics=own_findings(one.built), fail_on=how.fail_on)
        first = outcomes[one.same_as] if one.same_as and not how.see else None
        started = time.monotonic()
        if first is None:
            say(f"checking {one.package.name}")
            try:
                report = _report(one.built, how)
            except KitError as error:
                if error.exit_code != 1:
                    raise
                outcomes[one.tag] = failed(one, error)
                continue
            report = replace(report, diagnostics=(*own.diagnostics, *report.diagnostics))
            ok, said = report.ok, ""
        else:
            report, ok = own, own.ok and first.status is Status.PASSED
            said = f"prompts, tokens and replies are those of {one.same_as}: {first.result}"
        outcomes[one.tag] = Outcome(
            one,
            "ok" if ok else "failed",
            Status.PASSED if ok else Status.FAILED,
            said,
            report.cases,
            report.diagnostics,
            report.facts,
            one.seconds + time.monotonic() - started,
        )
    return report_of_variants("check", subject, list(outcomes.values()), how.fail_on)


def _report(built: Build, how: _How) -> Report:
    """What is found about one build."""
    from ..align.package_check import check_package

    if how.see:
        bring_files(model_files(built))
        say("asking the embedded engine about images")
    try:
        checked = check_package(built, tokens=not how.bytes_only, reference=how.tokenizer, embedded=how.see)
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
    if how.replies:
        from ..publish.reply_sources import source_of_build

        source = source_of_build(built)
        tried = tried_replies(source, built.package.name, how.host)
        cases += reply_cases(tried)
        facts["replies read by"] = f"{tried.reader} at {tried.host} (Ollama {tried.version})"
        facts["native replies"] = _native(source)
    return Report("check", built.package.name, cases, checked.diagnostics, facts, how.fail_on)


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
