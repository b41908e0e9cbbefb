"""`mkmodelfile publish`."""

from __future__ import annotations

from pathlib import Path

import click

from ..building.build import build
from ..publish.create import Published, publish
from ..publish.expectation import Expectation
from ..publish.verify import VerifyReport, verify_on
from ..report import Report
from ..report.convert import verify_report
from ..runtime.ollama.client import OllamaServer
from .common import (
    file_options,
    finish,
    format_option,
    host_option,
    package_argument,
    print_diagnostics,
    say,
    step_progress,
)


@click.command("publish")
@package_argument
@file_options
@click.option("--name", metavar="NAME", help="Publish under this name in place of the package's.")
@host_option
@click.option("--dry-run", is_flag=True, help="Hash and ask what is missing; upload and create nothing.")
@click.option("--push", is_flag=True, help="Then push it to its registry.")
@click.option("--no-verify", is_flag=True, help="Do not look at the published model.")
@click.option("--anyway", is_flag=True, help="Let the model have its name even if it does not verify.")
@format_option
def command(
    package: Path,
    model: str | None,
    projector: str | None,
    name: str | None,
    host: str | None,
    dry_run: bool,
    push: bool,
    no_verify: bool,
    anyway: bool,
    output_format: str,
) -> None:
    """Build PACKAGE, create it on an Ollama server, and verify it there.

    The model is created under a working name, verified, and only then takes over the real name, so
    whatever goes wrong leaves the model of that name as it was.
    """
    built = build(package, model=model, projector=projector)
    print_diagnostics(built.diagnostics)
    wanted = name or built.package.name
    seen: list[VerifyReport] = []

    def gate(server: OllamaServer, working_name: str) -> None:
        seen.append(
            verify_on(server, working_name, expectation=Expectation.from_build(built), progress=progress)
        )
        if not seen[0].ok and not anyway:
            raise _NotVerifiedError

    with step_progress() as progress:
        try:
            done = publish(
                built.path,
                wanted,
                host=host,
                dry_run=dry_run,
                push=push,
                progress=progress,
                gate=None if no_verify else gate,
            )
        except _NotVerifiedError:
            done = None
    if done:
        _tell(done)
        print_diagnostics(done.diagnostics)
    else:
        say(f"{wanted} was not published: it does not verify; the server is as it was")
    empty = Report("publish", wanted)
    finish(verify_report(seen[0], command="publish", subject=wanted) if seen else empty, output_format)


class _NotVerifiedError(Exception):
    """Stops a publish whose model does not verify."""


def _tell(done: Published) -> None:
    size = f"{done.uploaded_bytes / 1e6:.1f} MB"
    if done.dry_run:
        missing = [b.name for b in done.blobs if b.uploaded]
        say(f"dry run: {done.host} lacks {', '.join(missing) or 'nothing'} ({size} to upload)")
        return
    say(f"published {done.name} on {done.host} (Ollama {done.version}); uploaded {size}")
    if done.pushed:
        say(f"pushed {done.name}")
