"""A draft model that Ollama cannot use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...core.errors import GGUFError
from ...core.later import later
from ..context import Context
from ..rule import Finding, Rule

if TYPE_CHECKING:
    from ...building import create_files
    from ...gguf_file import header
else:
    create_files = later("modelfile_kit.building.create_files")
    header = later("modelfile_kit.gguf_file.header")


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.all("draft"):
        for path in context.files.paths_of(instruction):
            if path.is_dir():
                continue
            with contextlib.suppress(GGUFError, OSError):  # no sound GGUF: other rules say so
                if (problem := create_files.draft_problem(header.read_header(path))) is not None:
                    yield Finding(f"DRAFT {instruction.value} {problem}", instruction)


RULE = Rule(
    "MK446",
    check,
    help="name the model's own MTP or dflash draft, or run `llama-server -m model.gguf -md draft.gguf`",
    reads_files=True,
)
