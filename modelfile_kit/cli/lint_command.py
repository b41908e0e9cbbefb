"""`mkmodelfile lint`."""

from __future__ import annotations

from pathlib import Path

import click

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import ModelfileError, UsageError
from ..core.files import from_here, write_atomically
from ..core.sizes import read_memory
from ..lint.any_file import LINTED, is_modelfile, lint_file
from ..lint.baseline import Baseline
from ..lint.choice import Choice
from ..lint.project_settings import choice_of
from ..lint.runner import fix_modelfile
from ..project.config import Config
from ..report import Report
from .command import Command
from .common import fail_on_option, format_option, memory_size, print_report, say
from .project_files import (
    HERE,
    ProjectFiles,
    project_config,
    project_files,
    project_options,
    was_given,
)


@click.command(
    "lint",
    cls=Command,
    examples=(
        "mkmodelfile lint --fix --target '>=0.30'",
        "mkmodelfile lint --select MK1,MK2 --ignore absolute-path models",
        "mkmodelfile lint --baseline known.json --update-baseline .",
        "ollama show --modelfile NAME | mkmodelfile lint -",
    ),
)
@click.argument("modelfiles", nargs=-1, metavar="[MODELFILE-or-FOLDER]...")
@click.option(
    "--target",
    default="latest",
    show_default=True,
    metavar="VERSION",
    help="Ollama that the file is for: latest, a release, or the oldest one as '>=0.30'.",
)
@click.option("--fix", is_flag=True, help="Apply safe fixes, in place.")
@click.option(
    "--select",
    multiple=True,
    metavar="CODES",
    help="Look for these codes only: MK110, MK1 (all that begin so), a name; several with commas.",
)
@click.option("--ignore", multiple=True, metavar="CODES", help="Leave these codes out; written as --select.")
@click.option(
    "--no-files", is_flag=True, help="Ignore the files that a Modelfile names, as where models are not kept."
)
@click.option(
    "--memory",
    metavar="SIZE",
    callback=lambda _context, _parameter, given: None if given is None else memory_size(given),
    help="Memory that the models are to run in, as in 12GiB: a num_ctx that needs more is found.",
)
@click.option(
    "--baseline",
    metavar="FILE",
    help="Leave out the findings that are counted in this file, so that only new ones fail.",
)
@click.option("--update-baseline", is_flag=True, help="Write the current findings into the baseline.")
@project_options
@fail_on_option("warning")
@format_option
def command(
    modelfiles: tuple[str, ...],
    target: str,
    fix: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    no_files: bool,
    memory: int | None,
    baseline: str | None,
    update_baseline: bool,
    config: str | None,
    force_exclude: bool,
    fail_on: str,
    output_format: str,
) -> None:
    """Find mistakes in Modelfiles: files, folders of them, patterns (`-` is standard input).

    By default the current folder. A mkmodelfile.yaml is checked as a package file, a .gotmpl file as a
    TEMPLATE, a .jinja file as a chat template.

    `mkmodelfile explain CODE` has a page for every finding. Exit code 1 if anything was found.
    docs/linting.md has the configuration, and which files of a folder are left out.
    """
    modelfiles = modelfiles or HERE
    settings = project_config(modelfiles, config)
    if not was_given("fail_on") and "fail-on" in settings.lint:
        fail_on = settings.lint["fail-on"]
    known = _baseline(baseline, update_baseline, settings)
    wanted_names = settings.include or LINTED
    files = project_files(modelfiles, settings, force_exclude=force_exclude, wanted=wanted_names)
    found: list[Diagnostic] = []
    unread = files.unreadable
    choices: dict[Path | None, Choice] = {}
    for name, data in files.read("lint", modelfiles, unread):
        own = files.config_of(name)
        if own.file not in choices:
            choices[own.file] = choice_of(own, select, ignore)
        wanted = choices[own.file].for_file(own.parts_of(name))
        meant = target if was_given("target") else own.target or target
        looks = not no_files and own.lint.get("files", True)
        base = None if not looks else Path() if name == "-" else Path(name).parent
        room = read_memory(own.lint["memory"]) if memory is None and "memory" in own.lint else memory
        if fix and name != "-" and is_modelfile(name):
            data = _fix(name, data, base, meant, wanted)
        found += lint_file(data, base=base, target=meant, file=name, memory=room, choice=wanted)
    found = list(dict.fromkeys(found))  # a chat template and the package that names it tell the same
    if known is not None:
        found = _beyond(known, found, files, update_baseline)
    report = Report(
        "lint",
        _subject(modelfiles),
        diagnostics=(*unread, *found),
        fail_on=Severity(fail_on),
        files=files.names,
    )
    print_report(report, output_format)
    if unread or not report.ok:
        raise click.exceptions.Exit(2 if unread else 1)


def _subject(names: tuple[str, ...]) -> str:
    """What was named; a hook of pre-commit names hundreds of files."""
    return " ".join(names) if len(names) <= 3 else f"{' '.join(names[:2])} and {len(names) - 2} more"


def _baseline(given: str | None, update: bool, settings: Config) -> Baseline | None:
    """The baseline that is meant; a new one where it is to be written and is not there."""
    if given is not None:
        file = Path(given)
    elif "baseline" in settings.lint:
        file = from_here(settings.folder / settings.lint["baseline"])
    elif update:
        raise UsageError(
            "--update-baseline needs a file to write", help="add --baseline FILE, or `baseline` in [lint]"
        )
    else:
        return None
    return Baseline(file) if update and not file.exists() else Baseline.read(file)


def _beyond(known: Baseline, found: list[Diagnostic], files: ProjectFiles, update: bool) -> list[Diagnostic]:
    """The findings that the baseline does not have; none after it was updated."""
    looked = [name for name in files.names if name != "-"]
    if update:
        known.updated(found, looked).write()
        places = {d.span.file for d in found if d.span}
        say(f"{known.file}: {_count(len(found), 'finding')} in {_count(len(places), 'file')}")
        return []
    new = known.new_of(found)
    if len(new) < len(found):
        say(f"left out: {_count(len(found) - len(new), 'finding')} in {known.file}")
    if gone := known.gone(found, looked):
        say(
            f"fixed since: {_count(gone, 'finding')} in {known.file}; --update-baseline removes what is fixed"
        )
    return new


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _fix(name: str, data: bytes, base: Path | None, target: str, choice: Choice) -> bytes:
    """The fixed bytes, written where they came from."""
    try:
        fixed = fix_modelfile(data, base=base, target=target, file=name, choice=choice)
    except ModelfileError:
        return data  # linting says why it is refused
    if not fixed.fixed:
        return data
    write_atomically(Path(name), fixed.text.encode())
    for finding in fixed.fixed:
        say(f"fixed {finding.code} {finding.span or ''}: {finding.message}")
    return fixed.text.encode()
