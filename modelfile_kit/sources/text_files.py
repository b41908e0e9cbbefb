"""Which small files of a repository are its chat template, and which its tokenizer."""

from __future__ import annotations

from .repository import Repository, RepositoryFile

CHAT_TEMPLATE_FILES = ("chat_template.jinja", "chat_template.json", "tokenizer_config.json")
"""What a Hugging Face folder may have, the first that is there counts (transformers 4.43 and later)."""

MORE_CHAT_TEMPLATES = "additional_chat_templates"

TOKENIZER_FILES = ("tokenizer.json", "tekken.json", "tokenizer.model", "tiktoken.model")
"""In a folder with several: transformers takes tokenizer.json, and so do llama.cpp's converters for BPE."""

TOKENIZER_ADDITIONS = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
"""What adds to a tokenizer that it stands beside."""


def chat_template_files(repository: Repository) -> tuple[RepositoryFile, ...]:
    """The chat template that the repository's own name means comes first, then what adds to it.

    The name is that of a file, of a folder or of the repository; none where there is no chat template.
    """
    name, files = repository.name, repository.files()
    folder = _folder(repository)
    beside = {f.name: f for f in files if f.path.rpartition("/")[0] == folder}
    wanted = [beside[n] for n in CHAT_TEMPLATE_FILES if n in beside]
    wanted += [f for f in files if f.path.rpartition("/")[0] == f"{folder}/{MORE_CHAT_TEMPLATES}".strip("/")]
    if not name.file:
        return tuple(wanted)
    named = [f for f in files if f.path == name.file]
    return (*named, *(f for f in wanted if f not in named)) if named else ()


def tokenizer_files(repository: Repository) -> tuple[RepositoryFile, ...]:
    """The tokenizers that the repository's own name means, and then what adds to them; none without one."""
    name = repository.name
    beside = [f for f in repository.files() if f.path.rpartition("/")[0] == _folder(repository)]
    if name.file:
        known = [f for f in beside if f.path == name.file]
    else:
        known = [f for f in beside if f.name in TOKENIZER_FILES or f.name.endswith(".tiktoken")]
    return (*known, *(f for f in beside if f.name in TOKENIZER_ADDITIONS and f not in known)) if known else ()


def _folder(repository: Repository) -> str:
    name = repository.name
    return (name.file.rpartition("/")[0] if name.file else name.folder).strip("/")
