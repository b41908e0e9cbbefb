"""A folder with several models."""

from __future__ import annotations

from collections.abc import Iterator

from ...gguf_file.split import split_of
from ..context import Context
from ..files import Source
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.froms:
        models = [s for s in context.files.models if s.inside and s.instruction is instruction]
        models = [s for s in models if _is_first(s)]
        if len(models) > 1:
            names = ", ".join(s.path.name for s in models[:4]) + (", …" if len(models) > 4 else "")
            yield Finding(
                f"{instruction.value} holds {len(models)} models ({names}), Ollama combines them into one",
                instruction,
            )


def _is_first(source: Source) -> bool:
    """Whether a file is a whole model, or the first part of one."""
    split = split_of(source.header) if source.header else None
    return split is None or split.number == 0


RULE = Rule("MK431", check, help="name the file", reads_files=True)
