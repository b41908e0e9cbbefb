"""`mkmodelfile lint`."""

from __future__ import annotations

from pathlib import Path

import click

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import ModelfileError
from ..core.files import write_atomically
from ..lint.runner import fix_modelfile, lint_modelfile
from ..ollama.grammar import MAX_BYTES
from ..report import Report
from .command import Command
from .common import fail_on_option, finish, format_option, memory_size, read_bytes, say


@click.command(
    "lint",
    cls=Command,
    examples=(
        "mkmodelfile lint Modelfile",
        "mkmodelfile lint --fix --target '>=0.30' Modelfile",
        "mkmodelfile lint --memory 12GiB Modelfile",
        "ollama show --modelfile NAME | mkmodelfile lint -",
    ),
)
@click.argument("modelfiles", nargs=-1, required=True, metavar="MODELFILE...")
@click.option(
    "--target",
    default="latest",
    show_default=True,
    metavar="VERSION",
    help="Ollama that the file is for: latest, a release, or the oldest one as '>=0.30'.",
)
@click.option("--fix", is_flag=True, help="Apply safe fixes, in place.")
@click.option(
    "--no-files", is_flag=True, help="Ignore the files that a Modelfile names, as where models are not kept."
)
@click.option(
    "--memory",
    metavar="SIZE",
    callback=lambda _context, _parameter, given: None if given is None else memory_size(given),
    help="Memory that the models are to run in, as in 12GiB: a num_ctx that needs more is found.",
)
@fail_on_option("warning")
@format_option
def command(
    modelfiles: tuple[str, ...],
    target: str,
    fix: bool,
    no_files: bool,
    memory: int | None,
    fail_on: str,
    output_format: str,
) -> None:
    """Find mistakes in MODELFILEs (`-` is standard input).

    `mkmodelfile explain CODE` has a page for every finding. Exit code 1 if anything was found.
    """
    found: list[Diagnostic] = []
    for name in modelfiles:
        data = read_bytes(name, MAX_BYTES + 1)
        base = None if no_files else Path() if name == "-" else Path(name).parent
        if fix and name != "-":
            data = _fix(name, data, base, target)
        found += lint_modelfile(data, base=base, target=target, file=name, memory=memory)
    report = Report("lint", " ".join(modelfiles), diagnostics=tuple(found), fail_on=Severity(fail_on))
    finish(report, output_format)


def _fix(name: str, data: bytes, base: Path | None, target: str) -> bytes:
    """The fixed bytes, written where they came from."""
    try:
        fixed = fix_modelfile(data, base=base, target=target, file=name)
    except ModelfileError:
        return data  # linting says why it is refused
    if not fixed.fixed:
        return data
    write_atomically(Path(name), fixed.text.encode())
    for finding in fixed.fixed:
        say(f"fixed {finding.code} {finding.span or ''}: {finding.message}")
    return fixed.text.encode()
