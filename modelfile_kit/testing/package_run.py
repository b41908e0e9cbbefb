"""Runs the golden test of a package file: with its own model, or with the micro pair in its place."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import MissingDependencyError
from ..report.model import Case
from .golden_run import golden_cases

if TYPE_CHECKING:
    from ..building.build import Build
    from ..runtime.tokenizer import LlamaTokenizer


def build_for_test(package: Path, model: str | None = None, projector: str | None = None) -> Build:
    """Builds a package without writing anything.

    model, projector: stand-ins for the package's own; a projector only goes where the package has one.
    Raises PackageError for what cannot be built.
    """
    from ..building.build import build
    from ..package.package import load_package

    if projector is not None and load_package(package).projector == "none":
        projector = None
    return build(package, model=model, projector=projector, write=False)


def run_golden(
    built: Build, *, update: bool = False, tokens: bool = True, note: Callable[[str], None] = lambda _: None
) -> list[Case]:
    """Compares (or updates) the golden files of a built package.

    tokens: also those, where llama-cpp-python is installed; note: is told when it is not.
    """
    with _tokenizer(built.files.model, tokens, note) as tokenizer:
        return golden_cases(built, tokenizer=tokenizer, update=update)


@contextlib.contextmanager
def micro_stand_in() -> Iterator[tuple[str, str]]:
    """The built-in micro model and its projector, for packages whose own files are not at hand."""
    from ..micro import build_pair

    with tempfile.TemporaryDirectory(prefix="mkmodelfile-") as folder:
        pair = build_pair(Path(folder))
        yield str(pair.model), str(pair.projector)


@contextlib.contextmanager
def _tokenizer(model: Path, wanted: bool, note: Callable[[str], None]) -> Iterator[LlamaTokenizer | None]:
    from ..runtime.tokenizer import LlamaTokenizer

    with contextlib.ExitStack() as stack:
        tokenizer = None
        if wanted:
            try:
                tokenizer = stack.enter_context(LlamaTokenizer(model))
            except MissingDependencyError as error:
                note(f"only prompts are compared: {error.message}")
        yield tokenizer
