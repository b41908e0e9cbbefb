"""`mkmodelfile patch`."""

from __future__ import annotations

from pathlib import Path

import click

from ..core.diagnostics import Span
from ..core.errors import UsageError
from ..core.files import real_path
from ..diff.metadata import metadata_changes
from ..gguf_file import Header, read_header
from ..gguf_file.assignments import check_deletions, read_assignments
from ..gguf_file.encode import Value
from ..gguf_file.limits import MAX_STRING_BYTES
from ..gguf_file.patch import Patch, plan_patch, write_patch
from ..gguf_file.split import split_of
from .command import Command
from .common import read_bytes, say
from .names import bring_files, place_and_folder
from .output import show


@click.command(
    "patch",
    cls=Command,
    examples=(
        "mkmodelfile patch model.gguf --set tokenizer.ggml.add_bos_token=false --dry-run",
        "mkmodelfile patch model.gguf --set 'tokenizer.ggml.eos_token_ids=[151645, 151643]' -o new.gguf",
        "mkmodelfile patch model.gguf --set tokenizer.chat_template=@chat_template.jinja",
        "mkmodelfile patch model.gguf --set tokenizer.ggml.eot_token_id=uint32:151645 --delete general.url "
        "--in-place",
    ),
)
@click.argument("named", metavar="MODEL")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a metadata key; may be given several times. A list is written as JSON does, @FILE is what a "
    "file holds (@@ for a text that begins with @). KEY=TYPE:VALUE says the type too (bool, uint32, int32, "
    "float32, string, …, int32[] for an array).",
)
@click.option(
    "--delete",
    "deletions",
    multiple=True,
    metavar="KEY",
    help="Delete a metadata key; may be given several times.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The copy; by default NAME-patched.gguf beside MODEL, of a name in the current folder.",
)
@click.option("--in-place", is_flag=True, help="Replace MODEL itself.")
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
def command(
    named: str,
    assignments: tuple[str, ...],
    deletions: tuple[str, ...],
    output: Path | None,
    in_place: bool,
    dry_run: bool,
) -> None:
    """Write a copy of a GGUF with other metadata.

    What changes is shown first. A key keeps the type it has in the file. The tensors stay as they are; on a
    file system that can share blocks (btrfs, XFS) the copy shares them and takes next to no room. The copy
    appears whole or not at all, and no file that exists is overwritten, except MODEL with --in-place. What
    would make a file that llama.cpp and Ollama do not take is refused.
    """
    if in_place and output is not None:
        raise UsageError("--output and --in-place exclude each other", help="give one of the two")
    if not assignments and not deletions:
        raise UsageError(
            "nothing is to be changed", help="give --set KEY=VALUE or --delete KEY, each as often as needed"
        )
    model, folder = place_and_folder(named)
    if in_place and folder != model.parent:
        raise UsageError(
            "--in-place would change the file in the cache", help="give the copy a name with --output FILE"
        )
    header = read_header(model)
    changes, types = _changes(header, assignments, deletions)
    destination = real_path(model) if in_place else output or folder / f"{model.stem}-patched.gguf"
    if not in_place and not dry_run:
        _must_be_new(destination, model)
    _must_be_first(header, model)
    if not dry_run:
        _must_stay_whole(header, model, destination)
    planned = plan_patch(model, changes, types=types, sound=True)
    lines = _difference(planned)
    if dry_run:
        show("\n".join(lines))
        say("nothing was written (--dry-run)")
        return
    say("\n".join(lines))
    bring_files([model])
    written = write_patch(planned, destination)
    if written.shared:
        say(f"{written.shared:,} bytes of tensors are shared with {model.name}, not copied")
    show(str(model if in_place else destination))


def _changes(
    header: Header, assignments: tuple[str, ...], deletions: tuple[str, ...]
) -> tuple[dict[str, Value | None], dict[str, str]]:
    """Keys with their values, None for those to delete; and the types of the values."""
    found = read_assignments(
        assignments, header.metadata, read=lambda name: read_bytes(name, MAX_STRING_BYTES + 1)
    )
    changes: dict[str, Value | None] = {a.key: a.value for a in found}
    for key in check_deletions(deletions, header.metadata):
        if key in changes:
            raise UsageError(f"{key} is both set and deleted", help="give one of the two")
        changes[key] = None
    return changes, {a.key: a.type for a in found}


def _difference(planned: Patch) -> list[str]:
    lines = [str(c) for c in metadata_changes(planned.before.metadata, planned.after.metadata)]
    return lines or ["nothing changes: the file says all of it already"]


def _must_be_first(header: Header, model: Path) -> None:
    """llama.cpp reads the metadata of a split model's first part alone (llama-model-loader.cpp)."""
    split = split_of(header)
    if split is not None and split.number > 0:
        first = split.parts[0].name if split.parts else "the file whose name says 00001"
        raise UsageError(
            f"{model.name} is part {split.number + 1} of {split.count}, and llama.cpp reads the metadata of "
            "the first part alone",
            span=Span(str(model)),
            help=f"give {first}",
        )


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
