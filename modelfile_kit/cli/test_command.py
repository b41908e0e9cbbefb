"""`mkmodelfile test`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..core.errors import UsageError
from ..report import Report
from ..testing.golden import once_for_each_folder
from ..testing.golden_run import check_packages, find_packages
from .command import Command
from .common import file_options, finish, format_option, say, tokenizer_option
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
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--update", is_flag=True, help="Write the golden files instead of comparing.")
@click.option(
    "--micro", is_flag=True, help="Use micro models of the packages' shape instead of their models."
)
@click.option("--no-tokens", is_flag=True, help="Compare prompts only; needs no llama-cpp-python.")
@variant_option
@file_options
@tokenizer_option
@format_option
def command(
    paths: tuple[Path, ...],
    update: bool,
    micro: bool,
    no_tokens: bool,
    variants: tuple[str, ...],
    model: str | None,
    projector: str | None,
    tokenizer: str | None,
    output_format: str,
) -> None:
    """Compare the prompts and tokens of packages with their golden files.

    PATHS are packages or folders of packages; by default the current folder. Without llama-cpp-python
    only the prompts are compared. Variants of a package with the same prompts have the same golden files.
    """
    if micro and (model or projector):
        raise UsageError("--micro is its own model and projector; leave out --model and --projector")
    if micro and variants:
        raise UsageError("--micro stands for all variants; leave out --variant")
    rows: list[dict[str, Any]] = []
    cases = check_packages(
        find_packages(paths or (Path(),)),
        model=model,
        projector=projector,
        tokenizer=tokenizer,
        variants=variants,
        micro=micro,
        update=update,
        tokens=not no_tokens,
        note=say,
        row=rows.append,
    )
    cases, once = once_for_each_folder(cases)
    subject = " ".join(map(str, paths)) or "."
    finish(Report("test", subject, tuple(cases), once, table=tuple(rows)), output_format)
