"""The tokenizer of a repository that a name stands for (`sources.name`)."""

from __future__ import annotations

from pathlib import Path

from ..core.diagnostics import Span
from ..core.errors import UsageError
from ..sources.name import PATH, URL, parse_name
from ..sources.resolve import open_repository, resolve
from .formats.config_files import NAMES

NOT_FOUND = "MK740"
PREFERRED = ("tokenizer.json", "tekken.json", "tokenizer.model", "tiktoken.model")
"""In a folder with several: transformers takes tokenizer.json, and so do llama.cpp's converters for BPE."""


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
    folder = (name.file.rpartition("/")[0] if name.file else name.folder).strip("/")
    beside = [f for f in repository.files() if f.path.rpartition("/")[0] == folder]
    known = [f for f in beside if f.name in PREFERRED or f.name.endswith(".tiktoken")]
    known = [f for f in beside if f.path == name.file] if name.file else known
    if not known:
        raise UsageError(
            f"{repository.title}: no tokenizer {name.file or 'in this repository'}",
            span=Span(repository.title),
            help="name the repository of the original model, which has tokenizer.json or tokenizer.model; "
            "those with GGUF files alone have none",
            code=NOT_FOUND,
        )
    paths = [repository.fetch(file) for file in (*known, *(f for f in beside if f.name in NAMES))]
    return paths[0] if name.file else paths[0].parent
