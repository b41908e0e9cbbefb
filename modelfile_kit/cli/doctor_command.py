"""`mkmodelfile doctor`."""

from __future__ import annotations

from pathlib import Path

import click

from ..core.diagnostics import Diagnostic, Span
from ..core.errors import KitError, PackageError, UsageError
from ..doctor import diagnose, examine
from ..doctor.symptoms import unrecognised
from ..report import Report, Status
from .common import format_option, host_option, print_report, read_text


@click.command("doctor")
@click.argument("subject", required=False, metavar="[PACKAGE or ERROR TEXT]")
@host_option
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@format_option
def command(subject: str | None, host: str | None, as_json: bool, output_format: str) -> None:
    """Say what is wrong and the next step.

    Without an argument: the environment. With a PACKAGE: also what building it finds. With the TEXT of an
    error of Ollama or llama.cpp (- reads it from standard input): what is behind it. Exit code 2 says that
    the environment is broken, 1 that something was found out about the package or the text.
    """
    output_format = "json" if as_json else output_format
    package = _package(subject)
    if subject is not None and package is None:
        text = read_text("-") if subject == "-" else subject
        report = Report("doctor", "error text", diagnostics=diagnose(text) or (unrecognised(),))
    else:
        found = _findings(package) if package else ()
        report = Report("doctor", str(package or "environment"), examine(host), found)
    print_report(report, output_format)
    if any(c.status is Status.FAILED for c in report.cases):
        raise click.exceptions.Exit(2)
    if not report.ok:
        raise click.exceptions.Exit(1)


def _package(subject: str | None) -> Path | None:
    """The package that is meant, if one is; a path that is not there is no error text."""
    if subject is None or subject == "-":
        return None
    if not any(c.isspace() for c in subject):
        path = Path(subject)
        if path.exists():
            return path
        if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
            raise UsageError(
                "no such file or folder",
                span=Span(subject),
                help="give a package, or an error text in quotes",
            )
    return None


def _findings(package: Path) -> tuple[Diagnostic, ...]:
    from ..building.build import build

    try:
        return tuple(build(package, write=False).diagnostics)
    except PackageError as error:
        return error.diagnostics
    except KitError as error:
        return (error.to_diagnostic(),)
