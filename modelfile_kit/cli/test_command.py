"""`mkmodelfile test`."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from pathlib import Path

import click

from ..core.errors import PackageError, UsageError
from ..report import Case, Report, Status
from ..testing.golden_run import find_packages
from ..testing.package_run import build_for_test, micro_stand_in, run_golden
from .common import file_options, finish, format_option, say


@click.command("test")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--update", is_flag=True, help="Write the golden files instead of comparing.")
@click.option("--micro", is_flag=True, help="Use the built-in micro pair in place of all models.")
@click.option("--no-tokens", is_flag=True, help="Compare prompts only; needs no llama-cpp-python.")
@file_options
@format_option
def command(
    paths: tuple[Path, ...],
    update: bool,
    micro: bool,
    no_tokens: bool,
    model: str | None,
    projector: str | None,
    output_format: str,
) -> None:
    """Compare the prompts and tokens of packages with their golden files.

    PATHS are packages or folders of packages; the current folder by default. Without llama-cpp-python
    only the prompts are compared, and that is said.
    """
    if micro and (model or projector):
        raise UsageError("--micro is its own model and projector; leave out --model and --projector")
    cases: list[Case] = []
    packages = find_packages(paths or (Path(),))
    stand_in: AbstractContextManager[tuple[str | None, str | None]] = (
        micro_stand_in() if micro else contextlib.nullcontext((model, projector))
    )
    with stand_in as (own_model, own_projector):
        for package in packages:
            found = _cases(package, own_model, own_projector, update, not no_tokens)
            prefix = f"{package.parent.name}/" if len(packages) > 1 else ""
            cases += [_renamed(c, prefix) for c in found]
    subject = " ".join(str(p) for p in paths) or "."
    finish(Report("test", subject, tuple(cases)), output_format)


def _cases(package: Path, model: str | None, projector: str | None, update: bool, tokens: bool) -> list[Case]:
    try:
        built = build_for_test(package, model, projector)
    except PackageError as error:
        return [Case("build", Status.FAILED, error.message, diagnostics=error.diagnostics)]
    return run_golden(built, update=update, tokens=tokens, note=say)


def _renamed(case: Case, prefix: str) -> Case:
    from dataclasses import replace

    return replace(case, name=prefix + case.name) if prefix else case
