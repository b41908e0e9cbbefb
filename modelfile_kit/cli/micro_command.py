"""`mkmodelfile micro`."""

from __future__ import annotations

from pathlib import Path

import click

from ..building.build import build
from ..core.diagnostics import Span
from ..core.errors import UsageError
from ..core.files import package_file_in, real_path
from ..gguf_file import read_header
from ..package.package import load_package
from ..testing.stand_in_file import (
    FILE_NAME,
    describe,
    load_stand_in,
    variant_names,
    write_micro,
    write_micro_pair,
)
from .command import Command
from .common import package_argument, say
from .next_step import say_next
from .output import show


@click.command(
    "micro",
    cls=Command,
    examples=(
        "mkmodelfile micro -o micro",
        "mkmodelfile micro examples/gemma-3-4b -o micro",
        "mkmodelfile micro --describe ./my-package",
    ),
)
@package_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("micro"),
    show_default=True,
    metavar="FOLDER",
    help="Where the micro model is written.",
)
@click.option(
    "--describe",
    "describes",
    is_flag=True,
    help=f"Write {FILE_NAME} from the package's own model instead, for --micro where that is missing.",
)
def command(package: Path, output: Path, describes: bool) -> None:
    """Write a micro model that stands in for a package's own, to try the package without it.

    The files have the names, the architecture, the special tokens and the chat template of the real ones, as
    stand-in.yaml beside the golden files describes them. Without that file, and where there is no package,
    the micro GLM-4.1V is written: a model of 1.2 MB that names the colour of an image.
    """
    if package == Path() and not describes and package_file_in(Path()) is None:
        for name in write_micro_pair(output):
            show(name)
        say_next("mkmodelfile", "init", str(output))
        return
    loaded = load_package(package)
    if describes:
        built = build(package, write=False)
        projector = built.files.projector
        header = read_header(projector) if projector else None
        described = describe(loaded, built.files.header, header, projector.name if projector else "")
        show(str(loaded.as_named(described)))
        return
    if real_path(output) == real_path(loaded.folder):
        raise UsageError(
            "the micro model has the names of the real files; beside the package it would take their place",
            span=Span(str(output)),
            help="name another folder with --output",
        )
    found = load_stand_in(loaded)
    if found is None:
        missing = loaded.as_named(loaded.golden_folder / FILE_NAME)
        say(f"{missing} is missing: this is the micro GLM-4.1V, not a model like yours")
    model, eye = write_micro(loaded, output, found)
    variants = (str(output / name) for name in variant_names(loaded)) if found else ()
    for path in dict.fromkeys(filter(None, (model, *variants, eye))):
        show(path)
    words = ["mkmodelfile", "build", *(() if package == Path() else (str(package),)), "--model", model]
    say_next(*words, *(("--projector", eye) if eye else ()))
