"""`mkmodelfile verify`.

What only some calls need is imported where it is used, so that the command starts faster.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from ..publish.expectation import Expectation
from ..publish.names import name_on_server
from ..publish.reply_sources import source_of_build
from ..publish.verify import verify
from ..report.convert import reply_cases, verify_report
from ..vision.sounds import read_sound
from .command import Command
from .common import finish, format_option, host_option, step_progress, tried_replies


@click.command(
    "verify",
    cls=Command,
    examples=(
        "mkmodelfile verify my-model",
        "mkmodelfile verify ./my-package",
        "mkmodelfile verify my-model --replies --sound speech.wav",
        "mkmodelfile verify my-model --host http://gpu-server:11434 --format json",
    ),
)
@click.argument("name")
@click.option(
    "--package",
    type=click.Path(path_type=Path),
    help="Compare the model with this package; without one, with what the server says about it.",
)
@click.option("--model", metavar="FILE", help="With --package: this GGUF instead of the package's.")
@click.option("--projector", metavar="FILE", help="With --package: this projector instead of the package's.")
@host_option
@click.option(
    "--replies",
    is_flag=True,
    help="Also see whether what the model writes is read back: thoughts, tool calls, answers.",
)
@click.option(
    "--sound",
    "sounds",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Also send this sound (WAV or MP3) to a model that hears; may be given several times.",
)
@click.option("--shapes", is_flag=True, help="Also ask for shapes (not for the micro model).")
@click.option(
    "--phone-agent",
    is_flag=True,
    help="Also ask as Open-AutoGLM does: a phone's screen, and the answer has to be an action.",
)
@format_option
def command(
    name: str,
    package: Path | None,
    model: str | None,
    projector: str | None,
    host: str | None,
    replies: bool,
    sounds: tuple[Path, ...],
    shapes: bool,
    phone_agent: bool,
    output_format: str,
) -> None:
    """Verify the model NAME on an Ollama server: capabilities, prompts, tokens, stop tokens and images.

    A NAME that begins with `./`, `../` or `/` is a package: its model is verified, and compared with it.
    """
    expectation = built = None
    is_path = name.startswith(("./", "../", "/", ".\\", "..\\")) or name in (".", "..")
    if is_path:
        if package is not None:
            raise click.UsageError(f"NAME is a path ({name}), and --package names another package")
        package = Path(name)
    else:
        name = name_on_server(name)
    heard = [read_sound(path) for path in sounds]
    if package is not None:
        from ..building.build import build

        built = build(package, model=model, projector=projector, write=False)
        expectation = Expectation.from_build(built)
        name = built.package.name if is_path else name
    elif model or projector:
        raise click.UsageError("--model and --projector need --package")
    with step_progress() as progress:
        verified = verify(
            name,
            host=host,
            expectation=expectation,
            progress=progress,
            shapes=shapes,
            phone_agent=phone_agent,
            sounds=heard,
        )
    report = verify_report(verified)
    if replies:
        tried = tried_replies(source_of_build(built) if built else None, name, host)
        report = replace(
            report,
            cases=(*report.cases, *reply_cases(tried)),
            facts={**report.facts, "replies read by": tried.reader},
        )
    finish(report, output_format)
