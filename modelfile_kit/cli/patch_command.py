"""`mkmodelfile patch`."""

from __future__ import annotations

from pathlib import Path

import click

from ..core.diagnostics import Span
from ..core.errors import UsageError
from ..gguf_file import Header, read_header
from ..gguf_file.assignments import Assignment, read_assignments
from ..gguf_file.patch import patch
from .command import Command
from .common import say
from .output import show

SHOWN = 60  # characters of a value; chat templates have thousands


@click.command(
    "patch",
    cls=Command,
    examples=(
        "mkmodelfile patch model.gguf --set tokenizer.ggml.add_bos_token=false",
        "mkmodelfile patch model.gguf --set general.name='My model' -o my-model.gguf",
        "mkmodelfile patch model.gguf --set tokenizer.ggml.eot_token_id=uint32:151645 --in-place",
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--set",
    "assignments",
    multiple=True,
    required=True,
    metavar="KEY=VALUE",
    help="Set a metadata key; may be given several times. KEY=TYPE:VALUE says the type too (bool, uint32, "
    "int32, float32, string, …).",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The copy; by default NAME-patched.gguf beside MODEL.",
)
@click.option("--in-place", is_flag=True, help="Replace MODEL itself.")
def command(model: Path, assignments: tuple[str, ...], output: Path | None, in_place: bool) -> None:
    """Write a copy of a GGUF with other metadata.

    A key keeps the type it has in the file. The tensors stay as they are. The copy appears whole or not at
    all, and no file that exists is overwritten, except MODEL with --in-place.
    """
    if in_place and output is not None:
        raise UsageError("--output and --in-place exclude each other", help="give one of the two")
    header = read_header(model)
    changes = read_assignments(assignments, header.metadata)
    destination = model.resolve() if in_place else output or model.with_name(f"{model.stem}-patched.gguf")
    if not in_place:
        _must_be_new(destination, model)
    _must_stay_whole(header, model, destination)
    patch(
        model,
        destination,
        {c.key: c.value for c in changes},
        types={c.key: c.type for c in changes},
    )
    for change in changes:
        say(_line(change, header))
    show(str(model if in_place else destination))


def _must_be_new(destination: Path, model: Path) -> None:
    if not destination.exists():
        return
    if destination.is_dir():
        raise UsageError(f"{destination} is a folder", help="give the name of the new file with --output")
    if destination.samefile(model):
        raise UsageError(f"{destination} is the model itself", help="use --in-place to replace it")
    raise UsageError(
        f"{destination} exists already", help="remove it, or give another name with --output FILE"
    )


def _must_stay_whole(header: Header, model: Path, destination: Path) -> None:
    """llama.cpp finds the parts of a split model by the names of their files (llama-split.cpp)."""
    if (header.metadata.integer("split.count") or 1) > 1 and destination.name != model.name:
        raise UsageError(
            f"{model.name} is a part of a split model, and its parts are found by their names",
            span=Span(str(model)),
            help=f"use --in-place, or --output OTHER_FOLDER/{model.name} and put the other parts there too",
        )


def _line(change: Assignment, header: Header) -> str:
    before = "new" if change.new else _shown(header.metadata[change.key])
    return f"{change.key} ({change.type}): {before} -> {_shown(change.value)}"


def _shown(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
