"""A folder with several models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...core.errors import GGUFError
from ...gguf_file import read_header
from ...gguf_file.pairing import FileKind, classify
from ...gguf_file.split import split_of
from ..context import Context
from ..rule import Finding, Rule

# Headers that are read of one folder; what lies beyond would not change the finding.
MAX_FILES = 50


def check(context: Context) -> Iterator[Finding]:
    for source in context.files.sources:
        if source.instruction.command != "from" or not source.path.is_dir():
            continue
        if any(source.path.glob("model*.safetensors")):
            continue
        models = list(_models(source.path))
        if len(models) > 1:
            names = ", ".join(p.name for p in models[:4]) + (", …" if len(models) > 4 else "")
            yield Finding(
                f"{source.instruction.value} holds {len(models)} models ({names}), "
                "Ollama combines them into one",
                source.instruction,
            )


def _models(folder: Path) -> Iterator[Path]:
    """The models of a folder; of one in parts, the first part."""
    for path in sorted(folder.glob("*.gguf"))[:MAX_FILES]:
        try:
            header = read_header(path, check_data=False)
        except GGUFError:
            continue
        split = split_of(header)
        if classify(header) is FileKind.MODEL and (split is None or split.number == 0):
            yield path


RULE = Rule("MK431", check, help="name the file", reads_files=True)
