"""The tokenizer of a repository that a name stands for (`sources.name`)."""

from __future__ import annotations

from pathlib import Path

from ..core.diagnostics import Span
from ..core.errors import UsageError
from ..sources.name import PATH, URL, parse_name
from ..sources.resolve import open_repository, resolve
from ..sources.text_files import tokenizer_files

NOT_FOUND = "MK740"


def fetch_tokenizer(text: str) -> Path | None:
    """The file or folder that a name stands for, fetched with what adds to it; None for a path.

    text: a repository of the original model, a folder of it, or one of its files. Raises UsageError MK740
    where the repository has no tokenizer, and as `sources.resolve` does.
    """
    name = parse_name(text)
    if name.kind == PATH:
        return None
    if name.kind == URL:
        return resolve(text).fetch()
    repository = open_repository(name)
    files = tokenizer_files(repository)
    if not files:
        raise UsageError(
            f"{repository.title}: no tokenizer {name.file or 'in this repository'}",
            span=Span(repository.title),
            help="name the repository of the original model, which has tokenizer.json or tokenizer.model; "
            "those with GGUF files alone have none",
            code=NOT_FOUND,
        )
    paths = [repository.fetch(file) for file in files]
    return paths[0] if name.file else paths[0].parent
