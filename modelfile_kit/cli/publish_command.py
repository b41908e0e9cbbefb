"""`mkmodelfile publish`."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..building.build import Build
from ..building.variant_differences import CODES
from ..building.variants import VariantBuild, build_variants
from ..core.durations import duration_text
from ..core.ollama_host import resolve_host
from ..package.package import load_package
from ..publish.names import require_name
from ..publish.publish import WAYS, NotVerifiedError, Published, clean_up, publish, require_way
from ..publish.take_over import Leftover
from ..publish.variants import publish_variants
from ..report import Case, Report, Status
from ..report.convert import verify_report
from ..report.panel import panel_lines
from .command import Command
from .common import (
    file_options,
    finish,
    format_option,
    host_option,
    html_option,
    insecure_option,
    is_quiet,
    is_verbose,
    package_argument,
    print_serious,
    say,
    say_drawn,
    write_page,
)
from .next_step import say_next, with_same_files
from .output import panel_width, wants_color
from .progress import step_progress
from .published_variants import outcome_of, published_facts, raise_if_none_was_tried
from .variants import raise_if_all_alike, report_of_variants, variant_names, variant_option


@click.command(
    "publish",
    cls=Command,
    examples=(
        "mkmodelfile publish ./my-package --variant q8_0 --name me/model --push",
        "mkmodelfile publish --keep-previous --host http://gpu-server:11434 --html report.html",
        "mkmodelfile publish --clean",
        "mkmodelfile publish --by cli --ollama-command 'docker exec ollama ollama'",
    ),
)
@package_argument
@variant_option
@file_options
@click.option(
    "--name",
    metavar="NAME",
    help="Publish under this name instead of the package's; variants get their tags with it.",
)
@host_option
@click.option("--dry-run", is_flag=True, help="Show what would be uploaded; upload and create nothing.")
@click.option("--push", is_flag=True, help="Push the model to its registry afterwards.")
@insecure_option
@click.option(
    "--clean",
    is_flag=True,
    help="Publish nothing: show the working names on the server with their age, and remove those that killed "
    "publishes left.",
)
@click.option(
    "--keep-previous",
    is_flag=True,
    help="Keep the model that is replaced, as TAG-previous; `mkmodelfile rollback NAME` goes back to it.",
)
@click.option("--no-verify", is_flag=True, help="Do not verify the new model.")
@click.option("--anyway", is_flag=True, help="Publish even if verification fails.")
@click.option(
    "--by",
    type=click.Choice(WAYS),
    default="api",
    help="Who creates the model: the server's API, or the program `ollama create`.",
)
@click.option(
    "--ollama-command",
    metavar="COMMAND",
    help="The `ollama` of `--by cli`, with words before it if need be; by default the server's own program "
    "or the one on PATH. The files need the same paths where it runs.",
)
@html_option
@format_option
def command(
    package: Path,
    variants: tuple[str, ...],
    model: str | None,
    projector: str | None,
    name: str | None,
    host: str | None,
    dry_run: bool,
    push: bool,
    insecure: bool,
    clean: bool,
    keep_previous: bool,
    no_verify: bool,
    anyway: bool,
    by: str,
    ollama_command: str | None,
    html: Path | None,
    output_format: str,
) -> None:
    """Build PACKAGE, create it on an Ollama server, and verify it there.

    The model is created under a working name, verified, and only then takes over the real name, so
    whatever goes wrong leaves the model of that name as it was. Of a package with variants each is
    published so, under a tag of its own.
    """
    # A mistyped option is refused before the build, which may take minutes.
    resolve_host(host)
    require_way(by, ollama_command)
    if name is not None:
        require_name(name)
    if clean:
        if html:
            raise click.UsageError("--clean publishes nothing, so --html has nothing to show")
        finish(_cleaned(clean_up(host)), output_format)
        return
    whole = load_package(package)
    builds = build_variants(whole, variants, model=model, projector=projector, clock=time.monotonic)
    raise_if_all_alike(builds)
    names = variant_names(whole, name)
    options: dict[str, Any] = {
        "host": host,
        "dry_run": dry_run,
        "push": push,
        "insecure": insecure,
        "verify": not no_verify,
        "force": anyway,
        "by": by,
        "ollama_command": ollama_command,
        "keep_previous": keep_previous,
    }
    if len(builds) > 1:
        report = _publish_all(name or whole.name, builds, names, options, output_format)
        if html:
            _page(html, report, str(package), builds)
        finish(replace(report, brief=True), output_format)
        if output_format == "text":
            _say_next(name or whole.name, host, dry_run)
        return
    built, (wanted, *also) = builds[0].built, names[builds[0].tag]
    assert built is not None
    remarks = print_serious(built.diagnostics, output_format)
    report, told, facts, said = Report("publish", wanted), {}, {}, ""
    try:
        with step_progress() as progress:
            done = publish(built, wanted, also=also, progress=progress, **options)
        _tell(done)
        said = "; ".join(_lines(done)) if is_quiet() else ""  # else on stderr, by `_tell`
        told, facts = _told(done), published_facts(done)
        remarks += print_serious(done.diagnostics, output_format)
        if done.verified:
            report = _beyond(built, verify_report(done.verified, command="publish", subject=wanted))
    except NotVerifiedError as error:
        say(error.message)
        report = _beyond(built, verify_report(error.report, command="publish", subject=wanted))
        told = {"published": "no: it was not verified"}
    if html:
        _page(html, replace(report, facts={**told, **report.facts}), str(package), builds)
    found = (*remarks, *report.diagnostics)
    told_facts = frozenset(facts)  # by `_tell`
    facts = {**report.facts, **facts}
    finish(
        replace(report, brief=True, headline=said, diagnostics=found, facts=facts, for_programs=told_facts),
        output_format,
    )
    if output_format == "text":
        _say_next(wanted, host, dry_run)


def _beyond(built: Build, report: Report) -> Report:
    """The report without the findings that the build has told already."""
    told = frozenset(built.diagnostics)
    cases = (replace(c, diagnostics=tuple(d for d in c.diagnostics if d not in told)) for c in report.cases)
    return replace(report, cases=tuple(cases))


def _say_next(name: str, host: str | None, dry_run: bool) -> None:
    if dry_run:
        given = click.get_current_context().params["name"]
        named = ("--name", given) if given is not None else ()
        say_next(*with_same_files("publish", ("variants", "model", "projector", "host")), *named)
    elif host is None:
        say_next("ollama", "run", name)
    else:
        say_next("mkmodelfile", "verify", name, "--host", host)


def _page(html: Path, report: Report, subject: str, builds: Sequence[VariantBuild]) -> None:
    """The page of a publish: what became of it, and the check of the package's prompts."""
    from .checked import check_for_page  # brings what only a check needs

    write_page(html, report, check_for_page(subject, builds))


def _publish_all(
    subject: str,
    builds: Sequence[VariantBuild],
    names: Mapping[str, tuple[str, ...]],
    options: Mapping[str, Any],
    output_format: str,
) -> Report:
    """Every variant, each told as it is published."""
    of_builds = dict.fromkeys(d for b in builds if b.built for d in b.built.diagnostics)
    # what is about one variant stands with it
    remarks = print_serious((d for d in of_builds if d.code not in CODES), output_format)
    all_of_them = []
    with step_progress() as progress:
        for one in publish_variants(builds, names, progress=progress, **options):
            all_of_them.append(one)
            if one.done is not None and is_verbose():
                _tell(one.done)
            elif one.done is not None:
                _tell_kept(one.done)
            else:
                say(f"{one.names[0]}: {one.result}")
    raise_if_none_was_tried(all_of_them)
    report = report_of_variants("publish", subject, [outcome_of(one) for one in all_of_them])
    sent = sum(one.done.uploaded_bytes for one in all_of_them if one.done is not None)
    what = "to upload" if options["dry_run"] else "uploaded"
    found = (*report.diagnostics, *remarks)
    size = f"{sent / 1e6:.1f} MB"
    where = next((f"{d.host} (Ollama {d.version})" for one in all_of_them if (d := one.done)), "")
    headline = f"{size} {what}, {where}" if where else ""
    return replace(report, facts={what: size, **report.facts}, diagnostics=found, headline=headline)


def _cleaned(found: list[Leftover]) -> Report:
    cases = tuple(Case(left.name, Status.PASSED, _fate(left)) for left in found)
    if not cases:
        say("no working name is left on the server")
    return Report("publish", "--clean", cases)


def _fate(left: Leftover) -> str:
    """What became of a working name, and how old it is."""
    age = f"{duration_text(left.age.total_seconds())} old" if left.age is not None else "of unknown age"
    if left.removed:
        back = f", and {left.restored} has its model again" if left.restored else ""
        return f"{age}, removed{back}"
    if left.running:
        return f"{age}, kept: its publish is at work"
    if left.running is None:
        return f"{age}, kept: a publish elsewhere may be at work (removed once it is an hour old)"
    return f"{age}, kept: the server did not remove it"


def _told(done: Published) -> dict[str, str]:
    """What the page says of a publish."""
    where = f"{done.host} (Ollama {done.version})" if done.version else done.host
    names = ", ".join((done.name, *done.also))
    facts = {
        "published": "no: a dry run" if done.dry_run else f"{names} on {where}",
        "to upload" if done.dry_run else "uploaded": f"{done.uploaded_bytes / 1e6:.1f} MB",
    }
    return {**facts, **({"the model before": done.kept} if done.kept else {})}


def _tell(done: Published) -> None:
    """What was done, or would be: with a dry run or --verbose a panel on a terminal, else lines."""
    width = panel_width(sys.stderr) if done.dry_run or is_verbose() else None
    if width is None:
        for line in _lines(done):
            say(line)
        _tell_kept(done)
        return
    title = f"{'dry run: ' if done.dry_run else ''}{done.name}"
    say_drawn(panel_lines(title, _rows(done), width=width, color=wants_color(sys.stderr)))


def _tell_kept(done: Published) -> None:
    if done.kept:
        say(f"the model before is {done.kept}; `mkmodelfile rollback {done.name}` goes back to it")


def _rows(done: Published) -> Iterator[tuple[str, str]]:
    """Names and values of the panel."""
    yield "server", f"{done.host} (Ollama {done.version})"
    would = "would be " if done.dry_run else ""
    if done.unchanged:
        yield "result", f"{would}unchanged: the server has exactly this model"
    else:
        yield "result", f"{would}created{' by `ollama create`' if done.command else ''}"
    if done.command:
        yield "command", shlex.join(done.command)
    for blob in done.blobs:
        yield blob.name, f"{blob.size / 1e6:.1f} MB, {_sent(blob.uploaded, done)}"
    if done.also:
        yield "also", ", ".join(done.also)
    if done.kept:
        yield "before", f"{done.kept} (`mkmodelfile rollback {done.name}` goes back to it)"
    if done.pushed:
        yield "pushed", ", ".join((done.name, *done.also))


def _sent(uploaded: bool | None, done: Published) -> str:
    if not uploaded:
        return "the server has it"
    return "to upload" if done.dry_run else "uploaded"


def _lines(done: Published) -> Iterator[str]:
    size = f"{done.uploaded_bytes / 1e6:.1f} MB"
    # A server that has every file gets none; that of a few hundred bytes is not nothing.
    uploaded = f"uploaded {size}" if done.uploaded_bytes else "nothing to upload, it had every file"
    if done.dry_run:
        if done.command:
            yield f"dry run: would run `{shlex.join(done.command)}`"
        missing = [b.name for b in done.blobs if b.uploaded]
        if done.also:
            yield f"dry run: {done.name} would be {', '.join(done.also)} too"
        if done.unchanged:
            yield f"dry run: {done.name} would be unchanged, {done.host} has exactly this model"
        elif missing:
            yield f"dry run: {size} to upload to {done.host}: {', '.join(missing)}"
        else:
            yield f"dry run: nothing to upload, {done.host} has every file"
        return
    how = " by `ollama create`" if done.command else ""
    yield f"published {done.name} on {done.host} (Ollama {done.version}){how}; {uploaded}"
    for other in done.also:
        yield f"{other} is {done.name} too"
    if done.pushed:
        yield f"pushed {', '.join((done.name, *done.also))}"
