"""The tokenizer of the original model: found, opened, and held against the GGUF's vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import KitError, MissingDependencyError
from ..gguf_file.vocabulary import Vocabulary
from ..reference_tokenizer.child import ReferenceChild
from ..reference_tokenizer.find import AUTO, Found, Resolver, find_tokenizer
from ..reference_tokenizer.named import fetch_tokenizer
from ..runtime.tokenizer import Tokenizer
from .both_tokenizers import BothTokenizers
from .stress import findings, stress
from .vocabulary_check import ANOTHER_MODEL, VocabularyCheck, check_vocabulary

NOT_COMPARED = "MK759"


@contextmanager
def model_tokenizer(
    asked: str | Path, model: Path, *, timeout: float = 60.0, resolve: Resolver | None = fetch_tokenizer
) -> Iterator[tuple[ReferenceChild | None, tuple[Diagnostic, ...]]]:
    """The tokenizer that is asked for, opened, and why there is none where `auto` found one in vain.

    asked: "auto", "none", a file or a folder; model: the GGUF; timeout: seconds that one request may take;
    resolve: what names that are no paths stand for. What is named raises as `find_tokenizer` and
    `ReferenceChild` do; what `auto` finds is a warning or a remark where it cannot be used.
    """
    opened: ReferenceChild | None = None
    found: tuple[Diagnostic, ...] = ()
    try:
        files = find_tokenizer(asked, model, resolve=resolve)
        opened = ReferenceChild(files, timeout=timeout) if files is not None else None
    except KitError as error:
        if str(asked) != AUTO:
            raise
        found = (_in_vain(error, model),)
    try:
        yield opened, found
    finally:
        if opened is not None:
            opened.close()


def compare_vocabulary(
    asked: str | Path,
    model: Path,
    vocabulary: Vocabulary | None,
    *,
    engine: Tokenizer | None = None,
    timeout: float = 60.0,
) -> tuple[VocabularyCheck | None, tuple[Diagnostic, ...]]:
    """Opens the tokenizer and compares; the check is None where there is none to compare with.

    vocabulary: the GGUF's, None where it has none; engine: the same loaded into llama.cpp, to compare tokens
    of generated texts too; the other arguments: as of `model_tokenizer`.
    """
    with model_tokenizer(asked, model, timeout=timeout) as (reference, found):
        if reference is None or vocabulary is None:
            return None, found
        guessed = str(asked) == AUTO
        checked, found = compare_with(reference, vocabulary, model, guessed=guessed)
        if engine is None or not belongs(checked):
            return checked, found
        return checked, (
            *found,
            *findings(stress(BothTokenizers(vocabulary, engine, reference)), vocabulary.source),
        )


def belongs(checked: VocabularyCheck | None) -> bool:
    """Whether a tokenizer is the model's, so that tokens of texts can be compared at all."""
    return checked is not None and all(d.code != ANOTHER_MODEL for d in checked.diagnostics)


def compare_with(
    reference: ReferenceChild, vocabulary: Vocabulary, model: Path, *, guessed: bool
) -> tuple[VocabularyCheck | None, tuple[Diagnostic, ...]]:
    """Compares with a tokenizer that is open. guessed: whether `auto` found it."""
    try:
        checked = check_vocabulary(vocabulary, reference, model=model.name)
    except KitError as error:
        if not guessed:
            raise
        return None, (_in_vain(error, model),)
    if guessed:  # what merely lies beside a model need not be its own
        mild = tuple(_milder(d) if d.code == ANOTHER_MODEL else d for d in checked.diagnostics)
        checked = replace(checked, diagnostics=mild)
    return checked, (*_not_taken(reference.found, model), *checked.diagnostics)


def _not_taken(found: Found, model: Path) -> tuple[Diagnostic, ...]:
    """The tokenizers in the same folder that were left alone: one of them may be the model's own."""
    if not found.others:
        return ()
    names = ", ".join(path.name for path in found.others)
    message = (
        f"{found.file.parent} holds several tokenizers: {found.file.name} was compared with {model.name}, "
        f"{names} was not"
    )
    next_step = (
        f"if {found.file.name} is another model's, name the file: `tokenizer: FILE`, or --tokenizer FILE"
    )
    return (Diagnostic(NOT_COMPARED, Severity.INFO, message, Span(str(model)), next_step),)


def _milder(found: Diagnostic) -> Diagnostic:
    return replace(found, severity=Severity.WARNING, help="write `tokenizer: none`, or name the model's own")


def _in_vain(error: KitError, model: Path) -> Diagnostic:
    """Why the tokenizer beside a model was not compared with it."""
    missing = isinstance(error, MissingDependencyError)
    return Diagnostic(
        NOT_COMPARED if missing else error.code,
        Severity.INFO if missing else Severity.WARNING,
        f"a tokenizer lies beside {model.name} and was not compared with it: {error.message}",
        Span(str(model)),
        error.help,
    )
