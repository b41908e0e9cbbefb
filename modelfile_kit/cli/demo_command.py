"""`mkmodelfile demo`.

What only some calls need is imported where it is used, so that the command starts faster.
"""

from __future__ import annotations

import tempfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click

from ..building.build import Build, build
from ..core.errors import MissingDependencyError, ServerError
from ..micro.demo_package import NAME, write_demo_package
from ..report import Case, Report
from ..report.convert import check_cases, verify_report
from .command import Command
from .common import finish, format_option, host_option, print_diagnostics, say
from .output import deliver


@click.command(
    "demo",
    cls=Command,
    examples=(
        "mkmodelfile demo",
        "mkmodelfile demo --output demo-package --no-server",
    ),
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Keep the package in this folder.")
@host_option
@click.option("--no-server", is_flag=True, help="Do not use an Ollama server, even if one runs.")
@format_option
def command(output: Path | None, host: str | None, no_server: bool, output_format: str) -> None:
    """Package the built-in micro model, check it, and ask it about images.

    Where an Ollama server answers, the model is published there too, as mkmodelfile-demo.
    """
    place: AbstractContextManager[str] = (
        nullcontext(str(output)) if output else tempfile.TemporaryDirectory(prefix="mkmodelfile-demo-")
    )
    with place as folder:
        built = _build(Path(folder))
        if output_format == "text":
            deliver(str(built.modelfile))
        cases = _check(built)
        if not no_server:
            cases += _on_server(built, host)
    finish(Report("demo", NAME, cases), output_format)


def _build(folder: Path) -> Build:
    pair = write_demo_package(folder)
    say(f"micro pair: {pair.model.name} and {pair.projector.name if pair.projector else 'none'}")
    built = build(folder)
    print_diagnostics(built.diagnostics)
    for line in built.summary():
        say(line)
    return built


def _check(built: Build) -> tuple[Case, ...]:
    from ..align.package_check import check_package

    say("aligning tokens, then asking the embedded engine about images")
    try:
        checked = check_package(built)
    except MissingDependencyError as error:
        # Half a demonstration would look like a whole one.
        hint = f"{error.help}, then run the demo again"
        raise MissingDependencyError(error.message, help=hint) from error
    print_diagnostics(checked.diagnostics)
    return check_cases(checked)


def _on_server(built: Build, host: str | None) -> tuple[Case, ...]:
    from ..publish.publish import NotVerifiedError, publish
    from ..runtime.ollama.client import OllamaServer

    try:
        with OllamaServer(host) as server:
            version = server.version()
    except ServerError as error:
        if host:
            raise
        say(f"no Ollama server here, so nothing is published ({error.message})")
        return ()
    try:
        done = publish(built, NAME, host=host)
    except NotVerifiedError as error:
        say(error.message)
        return verify_report(error.report).cases
    say(f"published {done.name} on {done.host} (Ollama {version}); remove it with `ollama rm {NAME}`")
    return verify_report(done.verified).cases if done.verified else ()
