"""`mkmodelfile publish`."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..building.variants import VariantBuild, build_variants
from ..core.durations import duration_text
from ..core.ollama_host import resolve_host
from ..package.package import Package, load_package
from ..package.variants import variant_packages
from ..publish.names import require_name
from ..publish.publish import WAYS, NotVerifiedError, Published, clean_up, publish, require_way
from ..publish.take_over import Leftover
from ..publish.variants import VariantPublish, publish_variants
from ..report import Case, Report, Status
from ..report.convert import verify_report
from .command import Command
from .common import (
    file_options,
    finish,
    format_option,
    host_option,
    insecure_option,
    package_argument,
    print_diagnostics,
    say,
    step_progress,
)
from .variants import Outcome, failed, own_findings, raise_if_all_alike, report_of_variants, variant_option


@click.command(
    "publish",
    cls=Command,
    examples=(
        "mkmodelfile publish ./my-package --variant q8_0 --name me/model --push",
        "mkmodelfile publish --keep-previous --host http://gpu-server:11434",
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
        finish(_cleaned(clean_up(host)), output_format)
        return
    whole = load_package(package)
    builds = build_variants(whole, variants, model=model, projector=projector, clock=time.monotonic)
    raise_if_all_alike(builds)
    names = _names(whole, builds, name)
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
        finish(_publish_all(name or whole.name, builds, names, options), output_format)
        return
    built, (wanted, *also) = builds[0].built, names[builds[0].tag]
    assert built is not None
    print_diagnostics(built.diagnostics)
    report = Report("publish", wanted)
    try:
        with step_progress() as progress:
            done = publish(built, wanted, also=also, progress=progress, **options)
        _tell(done)
        print_diagnostics(done.diagnostics)
        if done.verified:
            report = verify_report(done.verified, command="publish", subject=wanted)
    except NotVerifiedError as error:
        say(error.message)
        report = verify_report(error.report, command="publish", subject=wanted)
    finish(report, output_format)


def _names(whole: Package, builds: Sequence[VariantBuild], name: str | None) -> dict[str, tuple[str, ...]]:
    """The names of each variant by its tag, its own first; name: in place of the package's."""
    if name is None:
        return {b.tag: (b.package.name, *b.package.also) for b in builds}
    if not whole.variants:
        return {b.tag: (name,) for b in builds}
    pairs = zip(variant_packages(whole), variant_packages(replace(whole, name=name)), strict=True)
    named = {ours.name: (theirs.name, *theirs.also) for ours, theirs in pairs}
    return {b.tag: named[b.package.name] for b in builds}


def _publish_all(
    subject: str,
    builds: Sequence[VariantBuild],
    names: Mapping[str, tuple[str, ...]],
    options: Mapping[str, Any],
) -> Report:
    """Every variant, each told as it is published."""
    print_diagnostics(dict.fromkeys(d for b in builds if b.built for d in b.built.diagnostics))
    all_of_them = []
    with step_progress() as progress:
        for one in publish_variants(builds, names, progress=progress, **options):
            all_of_them.append(one)
            if one.done is not None:
                _tell(one.done)
            else:
                say(f"{one.names[0]}: {one.result}")
    errors = [one.error for one in all_of_them if one.error is not None]
    if len(errors) == len(all_of_them) and (fatal := [e for e in errors if e.exit_code != 1]):
        raise fatal[0]
    report = report_of_variants("publish", subject, [_outcome(one) for one in all_of_them])
    sent = sum(one.done.uploaded_bytes for one in all_of_them if one.done is not None)
    return replace(report, facts={"uploaded": f"{sent / 1e6:.1f} MB", **report.facts})


def _outcome(one: VariantPublish) -> Outcome:
    seconds, build = one.of.seconds + one.seconds, one.of
    more: dict[str, Any] = {"seconds": seconds, "names": one.names}
    found = own_findings(build.built) if build.built is not None else ()
    verified = one.done.verified if one.done is not None else None
    if isinstance(one.error, NotVerifiedError):
        verified = one.error.report
    elif one.error is not None:
        return failed(build, one.error, one.result, **more)
    if verified is not None:
        report = verify_report(verified, command="publish")
        ok = verified.ok and one.error is None
        status = Status.PASSED if ok else Status.FAILED
        return Outcome(
            build, one.result, status, cases=report.cases, diagnostics=found, facts=report.facts, **more
        )
    return Outcome(build, one.result, diagnostics=found, **more)


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


def _tell(done: Published) -> None:
    size = f"{done.uploaded_bytes / 1e6:.1f} MB"
    if done.dry_run:
        if done.command:
            say(f"dry run: would run `{shlex.join(done.command)}`")
        missing = [b.name for b in done.blobs if b.uploaded]
        if done.also:
            say(f"dry run: {done.name} would be {', '.join(done.also)} too")
        say(
            f"dry run: {size} to upload to {done.host}: {', '.join(missing)}"
            if missing
            else f"dry run: nothing to upload, {done.host} has every file"
        )
        return
    how = " by `ollama create`" if done.command else ""
    say(f"published {done.name} on {done.host} (Ollama {done.version}){how}; uploaded {size}")
    if done.kept:
        say(f"the model before is {done.kept}; `mkmodelfile rollback {done.name}` goes back to it")
    for other in done.also:
        say(f"{other} is {done.name} too")
    if done.pushed:
        say(f"pushed {', '.join((done.name, *done.also))}")
