"""`mkmodelfile doctor`."""

from __future__ import annotations

import click

from ..doctor import diagnose, examine
from ..doctor.models import examine_model
from ..doctor.packages import examine_package, package_of
from ..doctor.symptoms import unrecognised
from ..publish.names import name_on_server
from ..report import Report, Status
from ..runtime.ollama.client import OllamaServer
from .command import Command
from .common import format_option, host_option, print_report, read_text


class _DoctorCommand(Command):
    """An error text may begin with a dash: `--draft-quantize requires a DRAFT model` is no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments, texts of several words behind `--`."""
        texts = [a for a in args if a.startswith("-") and any(c.isspace() for c in a)]
        if texts and "--" not in args:
            args = [a for a in args if a not in texts] + ["--", *texts]
        return super().parse_args(ctx, args)


@click.command(
    "doctor",
    cls=_DoctorCommand,
    examples=(
        "mkmodelfile doctor ./my-package",
        "mkmodelfile doctor ollama://my-model",
        'mkmodelfile doctor "llama runner process has terminated: signal: segmentation fault"',
        "journalctl -u ollama | mkmodelfile doctor -",
    ),
)
@click.argument("subject", required=False, metavar="[PACKAGE or ollama://NAME or ERROR TEXT]")
@host_option
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@format_option
def command(subject: str | None, host: str | None, as_json: bool, output_format: str) -> None:
    """Find out what is wrong, and say the next step.

    Without an argument it checks the environment; with a PACKAGE also the package, and with ollama://NAME a
    model on the server: its files, and what `repair` would change. With the text of an error of Ollama or
    llama.cpp (- reads it from standard input) it explains the error. Exit code 2: the environment is broken;
    1: something was found in the package, the model or the text.
    """
    output_format = "json" if as_json else output_format
    served = subject is not None and subject.lower().startswith("ollama://")
    package = package_of(subject) if subject and not served else None
    if served:
        name = name_on_server(str(subject))
        with OllamaServer(host) as server:
            report = Report("doctor", name, diagnostics=examine_model(server, name))
    elif subject is not None and package is None:
        text = read_text("-") if subject == "-" else subject
        report = Report("doctor", "error text", diagnostics=diagnose(text) or (unrecognised(text),))
    else:
        found = examine_package(package) if package else ()
        report = Report("doctor", str(package or "environment"), examine(host), found)
    print_report(report, output_format)
    if any(c.status is Status.FAILED for c in report.cases):
        raise click.exceptions.Exit(2)
    if not report.ok:
        raise click.exceptions.Exit(1)
