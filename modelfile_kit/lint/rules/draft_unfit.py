"""A draft model that Ollama cannot use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ...building.create_files import draft_problem
from ...core.errors import GGUFError
from ...gguf_file import read_header
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.all("draft"):
        for path in context.files.paths_of(instruction):
            if path.is_dir():
                continue
            with contextlib.suppress(GGUFError, OSError):  # no sound GGUF: other rules say so
                if (problem := draft_problem(read_header(path))) is not None:
                    yield Finding(f"DRAFT {instruction.value} {problem}", instruction)


RULE = Rule(
    "MK446",
    check,
    help="name the model's own MTP or dflash draft, or run `llama-server -m model.gguf -md draft.gguf`",
    reads_files=True,
)
