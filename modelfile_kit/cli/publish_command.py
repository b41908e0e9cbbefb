"""`mkmodelfile publish`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from ..building.build import build
from ..core.durations import duration_text
from ..core.ollama_host import resolve_host
from ..publish.names import require_name
from ..publish.publish import WAYS, NotVerifiedError, Published, clean_up, publish, require_way
from ..publish.take_over import Leftover
from ..report import Case, Report, Status
from ..report.convert import verify_report
from .command import Command
from .common import (
    file_options,
    finish,
    format_option,
    host_option,
    package_argument,
    print_diagnostics,
    refusals_as_report,
    say,
    step_progress,
)


@click.command(
    "publish",
    cls=Command,
    examples=(
        "mkmodelfile publish ./my-package --name me/model:q4 --push",
        "mkmodelfile publish --keep-previous --host http://gpu-server:11434",
        "mkmodelfile publish --clean",
        "mkmodelfile publish --by cli --ollama-command 'docker exec ollama ollama'",
    ),
)
@package_argument
@file_options
@click.option("--name", metavar="NAME", help="Publish under this name instead of the package's.")
@host_option
@click.option("--dry-run", is_flag=True, help="Show what would be uploaded; upload and create nothing.")
@click.option("--push", is_flag=True, help="Push the model to its registry afterwards.")
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
    model: str | None,
    projector: str | None,
    name: str | None,
    host: str | None,
    dry_run: bool,
    push: bool,
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
    whatever goes wrong leaves the model of that name as it was.
    """
    # A mistyped option is refused before the build, which may take minutes.
    resolve_host(host)
    require_way(by, ollama_command)
    if name is not None:
        require_name(name)
    if clean:
        finish(_cleaned(clean_up(host)), output_format)
        return
    with refusals_as_report("publish", str(package), output_format):
        built = build(package, model=model, projector=projector)
    print_diagnostics(built.diagnostics)
    wanted = name or built.package.name
    report = Report("publish", wanted)
    try:
        with step_progress() as progress:
            done = publish(
                built,
                wanted,
                host=host,
                dry_run=dry_run,
                push=push,
                progress=progress,
                verify=not no_verify,
                force=anyway,
                by=by,
                ollama_command=ollama_command,
                keep_previous=keep_previous,
            )
        _tell(done)
        print_diagnostics(done.diagnostics)
        if done.verified:
            report = verify_report(done.verified, command="publish", subject=wanted)
    except NotVerifiedError as error:
        say(error.message)
        report = verify_report(error.report, command="publish", subject=wanted)
    finish(report, output_format)


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
    if done.pushed:
        say(f"pushed {done.name}")
