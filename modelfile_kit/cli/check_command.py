"""`mkmodelfile check`."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import click

from ..building.variants import build_variants
from ..core.diagnostics import Severity
from .checked import How, check_builds
from .command import Command
from .common import (
    fail_on_option,
    file_options,
    finish,
    format_option,
    host_option,
    html_option,
    package_argument,
    tokenizer_option,
    write_page,
)
from .next_step import say_next, with_same_files
from .variants import raise_if_all_alike, variant_option


@click.command(
    "check",
    cls=Command,
    examples=(
        "mkmodelfile check",
        "mkmodelfile check ./my-package --see --html report.html",
        "mkmodelfile check ./my-package --replies --host http://gpu-server:11434",
        "mkmodelfile check --bytes-only --format junit > check.xml",
    ),
)
@package_argument
@variant_option
@file_options
@tokenizer_option
@click.option(
    "--target", metavar="VERSION", help="Oldest Ollama that the model must work on, such as '>=0.30'."
)
@click.option(
    "--replies",
    is_flag=True,
    help="Also see on an Ollama server whether what the model writes is read back: thoughts, calls, answers.",
)
@host_option
@click.option("--see", is_flag=True, help="Also ask the embedded engine about generated test images.")
@click.option(
    "--bytes-only",
    is_flag=True,
    help="Compare bytes, not tokens; needs no llama-cpp-python and no vocabulary.",
)
@html_option
@fail_on_option("error")
@format_option
def command(
    package: Path,
    variants: tuple[str, ...],
    model: str | None,
    projector: str | None,
    tokenizer: str | None,
    target: str | None,
    replies: bool,
    host: str | None,
    see: bool,
    bytes_only: bool,
    html: Path | None,
    fail_on: str,
    output_format: str,
) -> None:
    """Compare the prompts of PACKAGE with its chat template, byte for byte and token for token.

    Of a package with variants all are checked; what several have in common is looked at once.
    """
    builds = build_variants(
        package,
        variants,
        model=model,
        projector=projector,
        target=target,
        write=False,
        clock=time.monotonic,
    )
    raise_if_all_alike(builds)
    how = How(tokenizer, replies, host, see, bytes_only, Severity(fail_on), html is not None)
    report = check_builds(str(package), builds, how)
    if html:
        write_page(html, report)
    finish(replace(report, brief=True), output_format)
    if output_format == "text":
        say_next(*with_same_files("publish"), *(("--host", host) if host else ()))
