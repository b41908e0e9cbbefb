"""Two models behind FROM."""

from __future__ import annotations

from collections.abc import Iterator

from ...gguf_file.split import split_of
from ..context import Context
from ..files import Source, is_path
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    froms = [i for i in context.modelfile.froms if i.value]
    # What is here is a file, however it is written; without a folder the name must tell.
    names = [i for i in froms if not is_path(i.value) and not context.files.exists(i.value)]
    files = [i for i in froms if i not in names]
    for instruction in names[:-1]:
        yield Finding(f"this FROM is not used: the one in line {names[-1].line} takes its place", instruction)
    for instruction in files if names else ():
        yield Finding(
            f"FROM {instruction.value} is not used: FROM {names[-1].value} of line {names[-1].line} names a "
            "published model, and Ollama ignores local files next to it",
            instruction,
            "name the model by its file too",
        )
    for source in [] if names else _further_models(context):
        first = context.files.models[0]
        yield Finding(
            f"{source.name} is a model like {first.name} of line {first.instruction.line}, not a projector",
            source.instruction,
            "keep one FROM for the model; a second one is for its projector",
        )


def _further_models(context: Context) -> list[Source]:
    first, *others = context.files.models or (None,)
    split = split_of(first.header) if first and first.header else None
    parts = {p.name for p in split.parts} if split else set()
    others = [s for s in others if s and s.path.name not in parts]
    # Several models of one folder are a matter of several-in-folder.
    return [s for s in others if first and s and not (s.inside and s.instruction is first.instruction)]


RULE = Rule("MK432", check, help="keep the one you want")
