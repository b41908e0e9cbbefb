"""A file that is named and not found."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.files import NOT_FOUND, why_no_file
from ...core.near_words import near_word
from ...ollama.file_patterns import is_pattern
from ..context import Context
from ..files import is_path
from ..rule import Finding, Rule

_ALWAYS_FILES = ("adapter", "draft", "projector")


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.instructions:
        file = instruction.command in _ALWAYS_FILES or (
            instruction.command == "from" and is_path(instruction.value)
        )
        if not file or not instruction.value or context.files.exists(instruction.value) is not False:
            continue
        if context.files.paths_of(instruction):
            continue
        what, step = _why(context, instruction.value)
        yield Finding(f"{instruction.name.upper()} {instruction.value}: {what}", instruction, step)


def _why(context: Context, value: str) -> tuple[str, str]:
    """(why there is nothing, what to do)."""
    path = context.files.path_of(value)
    found = why_no_file(path) if path else NOT_FOUND
    if found == NOT_FOUND:
        return "file or folder not found", _near(context, value)
    return found, "give the path of the file itself, and check who may read its folder"


def _near(context: Context, value: str) -> str:
    path = context.files.path_of(value)
    if is_pattern(value):
        return "no file matches this pattern; check the path, which starts from the Modelfile's folder"
    try:
        names = sorted(p.name for p in path.parent.iterdir()) if path else []
    except OSError:
        return f"there is no folder {path.parent}" if path else ""
    near = near_word(path.name, names) if path else ""
    return f"did you mean {near}?" if near else "check the path; it starts from the Modelfile's folder"


RULE = Rule("MK430", check, reads_files=True)
