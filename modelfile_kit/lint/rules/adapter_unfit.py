"""A LoRA adapter of another model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...core.later import later
from ...gguf_file.pairing import FileKind, classify
from ..context import Context
from ..rule import Finding, Rule

if TYPE_CHECKING:
    from ...building import create_files
else:
    create_files = later("modelfile_kit.building.create_files")


def check(context: Context) -> Iterator[Finding]:
    model = context.files.model
    if model is None or model.header is None:
        return
    for source in context.files.sources:
        if source.header is None or classify(source.header) is not FileKind.ADAPTER:
            continue
        if (problem := create_files.adapter_problem(source.header, model.header)) is not None:
            what = f"{source.instruction.name.upper()} {source.name} does not fit the model: {problem}"
            yield Finding(f"{what}; every chat would fail", source.instruction)


RULE = Rule(
    "MK445",
    check,
    help="name the model that the adapter was made for, or convert the adapter with that model as its base",
    reads_files=True,
)
