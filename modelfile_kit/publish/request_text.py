"""A create request as a Modelfile that `ollama create -f` can be given from any folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..core.errors import UsageError
from ..ollama.file_patterns import misread
from ..ollama.grammar import Instruction, write_instruction
from .create_request import CreateRequest


def modelfile_of(request: CreateRequest, *, patterns: bool) -> str:
    """The Modelfile that means this request, its files with whole paths.

    patterns: whether the program takes `*`, `?` and `[` in a path as a pattern (`from_glob` of
    `ollama.versions.SINCE`). `quantize` is no instruction, and is given to `ollama create` itself.
    Raises UsageError (MK439) for a path that would be taken for a pattern, ModelfileError (MK107, MK118)
    for a text that no Modelfile can hold.
    """
    instructions = _instructions(request, patterns=patterns)
    return "".join(f"{write_instruction(i)}\n" for i in instructions)


def _instructions(request: CreateRequest, *, patterns: bool) -> Iterator[Instruction]:
    if request.from_model:
        yield Instruction("from", "", request.from_model)
    folders = {f.path.parent for f in request.files if f.path.suffix == ".safetensors"}
    for path in dict.fromkeys(f.path.parent if f.path.parent in folders else f.path for f in request.files):
        yield Instruction("from", "", _place(path, patterns=patterns))
    for name, files in (("adapter", request.adapters), ("draft", request.drafts)):
        for file in files:
            yield Instruction(name, "", _place(file.path, patterns=patterns and name == "draft"))
    if request.template is not None:
        yield Instruction("template", "", request.template)
    for name in ("system", "renderer", "parser", "requires"):
        if (value := getattr(request, name)) is not None:
            yield Instruction(name, "", value)
    for key, value in request.parameters.items():
        for each in value if isinstance(value, list) else [value]:
            yield Instruction("parameter", key, _written(each))
    for message in request.messages:
        yield Instruction("message", message["role"], message["content"])
    for text in request.licenses:
        yield Instruction("license", "", text)


def _place(path: Path, *, patterns: bool) -> str:
    whole = path.absolute()
    if patterns and (other := misread(whole)):
        raise UsageError(
            f"{whole}: this `ollama create` would {other}",
            help="rename the file or folder, or publish with `--by api`, which names files by their digests",
            code="MK439",
        )
    return str(whole)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
