"""`mkmodelfile demo`.

What only some calls need is imported where it is used, so that the command starts faster.
"""

from __future__ import annotations

import tempfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..building.build import Build, build
from ..core.errors import MissingDependencyError, ServerError
from ..micro.demo_package import NAME, write_demo_package
from ..report import Report
from ..report.convert import check_cases, verify_report
from .command import Command
from .common import finish, format_option, host_option, is_verbose, say
from .next_step import say_next
from .output import deliver
from .progress import step_progress

if TYPE_CHECKING:
    from ..align.check import CheckReport


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

    Where an Ollama server answers, the model is published there too, as mkmodelfile-demo
    (`ollama rm mkmodelfile-demo` removes it). With -v the Modelfile and all that was compared are shown.
    """
    place: AbstractContextManager[str] = (
        nullcontext(str(output)) if output else tempfile.TemporaryDirectory(prefix="mkmodelfile-demo-")
    )
    with place as folder:
        built = _build(Path(folder))
        if output_format == "text" and is_verbose():
            deliver(str(built.modelfile))
        checked = _check(built)
        on_server = None if no_server else _on_server(built, host)
    seen = f"it named the colours of {len(checked.sights)} images" if checked.sights else ""
    served = f"published and verified on {on_server.facts['server']}" if on_server else ""
    headline = "; ".join(filter(None, ("the built-in micro model is packaged and checked", seen, served)))
    cases = (*check_cases(checked), *(on_server.cases if on_server else ()))
    found = tuple(dict.fromkeys((*built.diagnostics, *checked.diagnostics)))
    finish(Report("demo", NAME, cases, found, brief=True, headline=headline), output_format)
    if output_format == "text":
        _say_next(output, host, served=on_server is not None)


def _say_next(output: Path | None, host: str | None, *, served: bool) -> None:
    if served:
        words = ["mkmodelfile", "verify", NAME, "--host", host] if host else ["ollama", "run", NAME]
        say_next(*words)
    elif output is not None:
        say_next("mkmodelfile", "check", str(output))
    else:
        say_next("mkmodelfile", "demo", "--output", "demo-package")


def _build(folder: Path) -> Build:
    pair = write_demo_package(folder)
    built = build(folder)
    if is_verbose():
        say(f"micro pair: {pair.model.name} and {pair.projector.name if pair.projector else 'none'}")
        for line in built.summary():
            say(line)
    return built


def _check(built: Build) -> CheckReport:
    from ..align.package_check import check_package

    try:
        return check_package(built)
    except MissingDependencyError as error:
        # Half a demonstration would look like a whole one.
        hint = f"{error.help}, then run the demo again"
        raise MissingDependencyError(error.message, help=hint) from error


def _on_server(built: Build, host: str | None) -> Report | None:
    """The verification of the published model; None where there is no server."""
    from ..publish.publish import NotVerifiedError, publish
    from ..runtime.ollama.client import OllamaServer

    try:
        with OllamaServer(host) as server:
            server.version()
    except ServerError as error:
        if host:
            raise
        say(f"not published: {error.message}")
        return None
    try:
        with step_progress() as progress:
            done = publish(built, NAME, host=host, progress=progress)
    except NotVerifiedError as error:
        say(error.message)
        return verify_report(error.report)
    assert done.verified is not None  # a publish with verification has one
    return verify_report(done.verified)
