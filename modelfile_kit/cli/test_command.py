"""`mkmodelfile test`."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..builder import build
from ..errors import MissingDependencyError, PackageError, UsageError
from ..report import Case, Report, Status
from ..testing.package_test import find_packages, golden_cases
from .common import file_options, finish, format_option, say

if TYPE_CHECKING:
    from ..align.tokenizer import LlamaTokenizer


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
    with _stand_in(micro) as stand_in:
        for package in packages:
            own_model, own_projector = stand_in if stand_in else (model, projector)
            found = _cases(package, own_model, own_projector, update, not no_tokens)
            prefix = f"{package.parent.name}/" if len(packages) > 1 else ""
            cases += [_renamed(c, prefix) for c in found]
    subject = " ".join(str(p) for p in paths) or "."
    finish(Report("test", subject, tuple(cases)), output_format)


def _cases(package: Path, model: str | None, projector: str | None, update: bool, tokens: bool) -> list[Case]:
    try:
        built = build(package, model=model, projector=_projector_for(package, projector), write=False)
    except PackageError as error:
        return [Case("build", Status.FAILED, error.message, diagnostics=error.diagnostics)]
    with _tokenizer(built.files.model, tokens) as tokenizer:
        return golden_cases(built, tokenizer=tokenizer, update=update)


@contextlib.contextmanager
def _tokenizer(model: Path, wanted: bool) -> Iterator[LlamaTokenizer | None]:
    from ..align.tokenizer import LlamaTokenizer

    with contextlib.ExitStack() as stack:
        tokenizer = None
        if wanted:
            try:
                tokenizer = stack.enter_context(LlamaTokenizer(model))
            except MissingDependencyError as error:
                say(f"only prompts are compared: {error.message}")
        yield tokenizer


@contextlib.contextmanager
def _stand_in(wanted: bool) -> Iterator[tuple[str, str] | None]:
    if not wanted:
        yield None
        return
    from ..micro import build_pair

    with tempfile.TemporaryDirectory(prefix="mkmodelfile-") as folder:
        pair = build_pair(Path(folder))
        yield str(pair.model), str(pair.projector)


def _projector_for(package: Path, projector: str | None) -> str | None:
    """A stand-in for the projector only goes where the package has one."""
    from ..package import load_package

    return projector if projector is None or load_package(package).projector != "none" else None


def _renamed(case: Case, prefix: str) -> Case:
    from dataclasses import replace

    return replace(case, name=prefix + case.name) if prefix else case
