"""`mkmodelfile adopt`."""

from __future__ import annotations

from pathlib import Path

import click

from ..publish.adopt import NOT_THE_SAME, adopt
from ..publish.names import name_on_server
from ..report import Report
from ..runtime.ollama.client import OllamaServer
from ..sources.model_name import model_part
from .command import Command
from .common import finish, format_option, host_option
from .next_step import say_next
from .output import show
from .progress import step_progress


@click.command(
    "adopt",
    cls=Command,
    examples=(
        "mkmodelfile adopt my-model",
        "mkmodelfile adopt ollama://my-model:8b --output my-package",
        "mkmodelfile adopt my-model --host http://gpu-server:11434 --model my-model.gguf --model mmproj.gguf",
    ),
)
@click.argument("name")
@click.option(
    "-o",
    "--output",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Where the package is written; by default a folder of the model's name.",
)
@click.option(
    "--model",
    "models",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A GGUF of the model, or its projector, where the server keeps its own on another machine.",
)
@click.option("--copy", is_flag=True, help="Copy the files, also where a hard link would do.")
@host_option
@format_option
def command(
    name: str,
    output: Path | None,
    models: tuple[Path, ...],
    copy: bool,
    host: str | None,
    output_format: str,
) -> None:
    """Make a package of the model NAME on an Ollama server.

    The package has the model's files and its settings as they are: TEMPLATE, RENDERER, PARSER, SYSTEM,
    MESSAGEs, parameters, stops and licences. It is built once and held to the model, so that what a publish
    would change is said. The files are hard links to the server's where that is possible: do not edit them.
    """
    adopt_model(
        name_on_server(name), output, models=models, copy=copy, host=host, output_format=output_format
    )


def adopt_model(
    name: str,
    output: Path | None,
    *,
    models: tuple[Path, ...] = (),
    copy: bool = False,
    host: str | None = None,
    output_format: str = "text",
) -> None:
    """Adopts a model of a server, for `adopt NAME` and `init ollama://NAME`, and ends the command."""
    folder = output or Path(model_part(name))
    with OllamaServer(host) as server, step_progress() as progress:
        done = adopt(server, name, folder, models=models, copy=copy, progress=progress)
    if output_format == "text":
        show(str(done.folder / "mkmodelfile.yaml"))
    same = not any(d.code == NOT_THE_SAME for d in done.diagnostics)
    parts = ["a publish of the package gives the same settings"] if same else []
    parts += ["its GGUF files are hard links to the server's (--copy makes copies)"] if done.linked else []
    facts = {"package": str(done.folder), "files": list(done.files)}
    report = Report(
        "adopt", name, diagnostics=done.diagnostics, facts=facts, brief=True, headline="; ".join(parts)
    )
    finish(report, output_format)
    if output_format == "text":
        say_next("mkmodelfile", "build", str(done.folder))
