"""`mkmodelfile test`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..core.diagnostics import Diagnostic, Span
from ..core.errors import UsageError
from ..core.files import NOT_FOUND, package_file_in, why_no_file
from ..package.package import FILE_NAMES
from ..project.config import Config
from ..project.patterns import is_glob
from ..report import Case, Report, Status
from ..testing.golden import MISSING, once_for_each_folder
from ..testing.golden_run import check_packages
from .command import Command
from .common import file_options, finish, format_option, say, tokenizer_option
from .next_step import say_next
from .project_files import HERE, project_config, project_files, project_options
from .variants import variant_option


@click.command(
    "test",
    cls=Command,
    examples=(
        "mkmodelfile test",
        "mkmodelfile test --update ./my-package",
        "mkmodelfile test --micro --no-tokens --format junit examples > golden.xml",
    ),
)
@click.argument("paths", nargs=-1, metavar="[PACKAGE-or-FOLDER]...")
@click.option("--update", is_flag=True, help="Write the golden files instead of comparing.")
@click.option(
    "--micro", is_flag=True, help="Use micro models of the packages' shape instead of their models."
)
@click.option("--no-tokens", is_flag=True, help="Compare prompts only; needs no llama-cpp-python.")
@variant_option
@file_options
@tokenizer_option
@project_options
@format_option
def command(
    paths: tuple[str, ...],
    update: bool,
    micro: bool,
    no_tokens: bool,
    variants: tuple[str, ...],
    model: str | None,
    projector: str | None,
    tokenizer: str | None,
    config: str | None,
    force_exclude: bool,
    output_format: str,
) -> None:
    """Compare the prompts and tokens of packages with their golden files.

    Takes packages, folders of packages and patterns; by default the current folder. Without llama-cpp-python
    only the prompts are compared. Variants of a package with the same prompts have the same golden files.
    """
    if micro and (model or projector):
        raise UsageError("--micro is its own model and projector; leave out --model and --projector")
    if micro and variants:
        raise UsageError("--micro stands for all variants; leave out --variant")
    given, paths = paths, paths or HERE
    settings = project_config(paths, config)
    if not (model or projector or variants):
        micro = micro or settings.test.get("micro", False)
    rows: list[dict[str, Any]] = []
    cases = check_packages(
        _packages(paths, settings, force_exclude),
        model=model,
        projector=projector,
        tokenizer=tokenizer,
        variants=variants,
        micro=micro,
        update=update,
        tokens=settings.test.get("tokens", True) and not no_tokens,
        note=say,
        row=rows.append,
    )
    cases, once = once_for_each_folder(cases)
    subject = " ".join(paths)
    if output_format == "text":
        _say_next(given, micro, cases, once)
    finish(Report("test", subject, tuple(cases), once, table=tuple(rows), brief=not update), output_format)


def _say_next(given: tuple[str, ...], micro: bool, cases: list[Case], once: tuple[Diagnostic, ...]) -> None:
    if any(d.code == MISSING for d in once):
        say_next("mkmodelfile", "test", "--update", *given, *(["--micro"] if micro else []))
    elif any(case.status is Status.FAILED for case in cases):
        say_next("mkmodelfile", "check", *(given if len(given) == 1 else ()))


def _packages(names: tuple[str, ...], settings: Config, force_exclude: bool) -> list[Path]:
    """The package files that are meant: a folder's own one, else those below it.

    Raises UsageError for a folder in which there is no package.
    """
    for name in names:
        if not is_glob(name) and why_no_file(Path(name)) == NOT_FOUND:
            raise UsageError(
                "no such file or folder",
                span=Span(name),
                help=f"expected a {FILE_NAMES[0]}, or a folder with packages in it",
            )
    # a package's own file, not those in folders below it, which are its own matter
    own = [str(package_file_in(Path(n)) or n) for n in names]
    files = project_files(own, settings, force_exclude=force_exclude, wanted=FILE_NAMES, what="package")
    if files.search.unreadable:
        raise files.search.unreadable[0]
    found = list(map(Path, files.names))
    homes = {path.parent: path for path in reversed(found)}  # of `.yaml` and `.yml` the first

    def is_first(path: Path) -> bool:
        return homes[path.parent] == path and not homes.keys() & set(path.parent.parents)

    return [path for path in found if str(path) in own or is_first(path)]
