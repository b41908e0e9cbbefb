"""The golden test of one package: build it, render its conversations, compare with what is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..core.conversation import Conversation
from ..core.diagnostics import Span
from ..core.errors import PromptError, UsageError
from ..package.package import FILE_NAMES
from ..report.model import Case
from .golden import Rendered, TokenText, compare_golden

if TYPE_CHECKING:
    from ..building.build import Build
    from ..gguf_file import Header

# A folder this deep below PATH is no layout of packages but a loop of links or a file dump.
MAX_DEPTH = 6


class Tokenizer(Protocol):
    """What is needed of a tokenizer here."""

    def tokenize_many(
        self, texts: Sequence[str | bytes], *, add_bos: bool | None = None
    ) -> list[list[int]]: ...
    def pieces(self, ids: Sequence[int]) -> list[bytes]: ...


def find_packages(paths: Iterable[Path]) -> list[Path]:
    """The package files that `paths` mean: such files, folders that have one, or folders of folders.

    Raises UsageError for a path under which there is no package.
    """
    found: dict[Path, None] = {}
    for path in paths:
        files = [path] if path.is_file() else list(_below(path, MAX_DEPTH))
        if not files:
            raise UsageError(
                "no package here" if path.is_dir() else "no such file or folder",
                span=Span(str(path)),
                help=f"expected a {FILE_NAMES[0]}, or a folder with packages in it",
            )
        found.update(dict.fromkeys(files))
    return list(found)


def golden_cases(build: Build, *, tokenizer: Tokenizer | None, update: bool = False) -> list[Case]:
    """Compares (or updates) the golden files of a built package.

    tokenizer: of the model's vocabulary; without one only the prompts are compared.
    """
    rendered = [_render(build, c) for c in build.conversations()]
    if tokenizer is not None:
        rendered = _tokenized(rendered, tokenizer, vocabulary_name(build.files.header))
    return compare_golden(build.package.golden_folder, rendered, update=update)


def vocabulary_name(header: Header) -> str:
    """A name that is the same for the same vocabulary, whatever the file: its kind and a digest.

    The digest is over everything that decides how a text becomes tokens.
    """
    from ..gguf_file.arrays import NumberArray, StringArray

    metadata = header.metadata
    digest = hashlib.sha256()
    for key in sorted(
        k for k in metadata if k.startswith("tokenizer.ggml.") and k != "tokenizer.ggml.scores"
    ):
        digest.update(key.encode())
        value = metadata[key]
        if isinstance(value, StringArray):
            for text in value.iter_raw():
                digest.update(b"\0" + text)
        else:
            digest.update(f"={list(value) if isinstance(value, NumberArray) else value}".encode())
    kind = metadata.text("tokenizer.ggml.pre") or metadata.text("tokenizer.ggml.model") or "unknown"
    return f"{kind}-{digest.hexdigest()[:12]}"


def _below(folder: Path, depth: int) -> Iterator[Path]:
    for name in FILE_NAMES:
        if (folder / name).is_file():
            yield folder / name
            return
    if depth and folder.is_dir():
        for child in sorted(folder.iterdir()):
            if child.is_dir() and not child.name.startswith("."):
                yield from _below(child, depth - 1)


def _render(build: Build, conversation: Conversation) -> Rendered:
    from ..ollama.prompt import render_prompt

    messages = build.with_system(conversation.messages)
    tools, think = conversation.tools, conversation.think
    if build.template is None:
        return Rendered(
            conversation.id, prompt=build.expected(conversation.messages, tools=tools, think=think)
        )
    try:
        prompt = render_prompt(build.template, messages, tools=tools, think=think)
    except PromptError as error:
        return Rendered(conversation.id, refused=error.message)
    return Rendered(conversation.id, prompt=prompt)


def _tokenized(rendered: Sequence[Rendered], tokenizer: Tokenizer, vocabulary: str) -> list[Rendered]:
    texts = [r.prompt for r in rendered if r.prompt is not None]
    ids = iter(tokenizer.tokenize_many([t.encode("utf-8", "surrogateescape") for t in texts]))
    out = []
    for item in rendered:
        if item.prompt is None:
            out.append(item)
            continue
        mine = next(ids)
        pieces = [p.decode("utf-8", "backslashreplace") for p in tokenizer.pieces(mine)]
        tokens = tuple(TokenText(i, text) for i, text in zip(mine, pieces, strict=True))
        out.append(Rendered(item.id, prompt=item.prompt, vocabulary=vocabulary, tokens=tokens))
    return out
