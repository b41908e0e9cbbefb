"""The check of a package's builds, as `check` reports it and the page of `publish` and `verify` shows it.

What only some calls need is imported where it is used, so that the commands start faster.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..building.build import Build, model_files
from ..building.variant_differences import CODES
from ..building.variants import VariantBuild
from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import EngineError, KitError, MissingDependencyError
from ..core.progress import tell_step
from ..replies.reply_findings import cut_short
from ..report import Report, Status
from ..report.convert import check_cases, reply_cases, reply_facts
from .common import is_verbose, say, tried_replies
from .names import bring_files
from .variants import Outcome, failed, own_findings, report_of_variants

if TYPE_CHECKING:
    from ..publish.reply_trials import Source


@dataclass(frozen=True)
class How:
    """The options that say what is looked at.

    page: whether an HTML page shows it; told: whether the findings of the builds are told elsewhere.
    """

    tokenizer: str | None = None
    replies: bool = False
    host: str | None = None
    see: bool = False
    bytes_only: bool = False
    fail_on: Severity = Severity.ERROR
    page: bool = False
    told: bool = False


def check_builds(subject: str, builds: Sequence[VariantBuild], how: How) -> Report:
    """One report of a package; subject: what the report of several variants is called."""
    if len(builds) > 1:
        return _every(subject, builds, how)
    assert builds[0].built is not None
    report = _one(builds[0].built, how)
    if how.told:
        return report
    found = dict.fromkeys((*builds[0].built.diagnostics, *report.diagnostics))
    return replace(report, diagnostics=tuple(found))


def check_for_page(subject: str, builds: Sequence[VariantBuild]) -> Report:
    """The check that stands beside another report on a page; of bytes alone where llama.cpp is missing."""
    say("comparing prompts with the chat template, for the page")
    how = How(page=True, told=True)
    try:
        return check_builds(subject, builds, how)
    except MissingDependencyError as error:
        say(f"only bytes are compared: {error.message}")
        return check_builds(subject, builds, replace(how, bytes_only=True))


def _every(subject: str, builds: Sequence[VariantBuild], how: How) -> Report:
    """Every variant; prompts, tokens and replies that are the same are looked at once.

    Images are answered by the weights, so with --see each variant is asked.
    """
    outcomes: dict[str, Outcome] = {}
    told: set[Diagnostic] = set()
    found: list[Diagnostic] = []
    for one in builds:
        if one.built is None:
            assert one.error is not None
            outcomes[one.tag] = failed(one, one.error)
            continue
        if not how.told:
            own_to_build = [d for d in one.built.diagnostics if d not in told and d.code not in CODES]
            found += own_to_build
        told.update(one.built.diagnostics)
        own = Report("check", one.tag, diagnostics=own_findings(one.built), fail_on=how.fail_on)
        first = outcomes[one.same_as] if one.same_as and not how.see else None
        started = time.monotonic()
        if first is None:
            tell_step("check", one.package.name)
            if is_verbose():
                say(f"checking {one.package.name}")
            try:
                report = _one(one.built, how)
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
    report = report_of_variants("check", subject, list(outcomes.values()), how.fail_on)
    return replace(report, diagnostics=(*dict.fromkeys(found), *report.diagnostics))


def _one(built: Build, how: How) -> Report:
    """What is found about one build."""
    from ..align.package_check import check_package

    if how.see:
        bring_files(model_files(built))
        say("asking the embedded engine about images")
    try:
        checked = check_package(
            built,
            tokens=not how.bytes_only,
            reference=how.tokenizer,
            embedded=how.see,
            keep_tokens=how.page,
        )
    except MissingDependencyError as error:
        hint = f"{error.help}; or compare the bytes alone with --bytes-only"
        raise MissingDependencyError(error.message, help=hint) from error
    cases = check_cases(checked)
    facts: dict[str, object] = {"model": built.files.model.name, "template": built.plan.mode.chosen}
    if checked.engine:
        facts["tokens by"] = checked.engine
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
    said = ["bytes and tokens compared" if checked.tokens else "bytes compared, and no tokens"]
    said += [w.summary.removeprefix("chosen; ") for w in ways if w.chosen]
    headline = "; ".join((*said, checked.vocabulary.summary) if checked.vocabulary is not None else said)
    name = built.package.name
    found = dict.fromkeys((*checked.diagnostics, *(cut_short(trip) if trip is not None else ())))
    return Report("check", name, cases, tuple(found), facts, how.fail_on, headline=headline)


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
