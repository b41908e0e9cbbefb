"""`mkmodelfile diff`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import click

from ..core.errors import KitError, UsageError
from ..diff.compare import compare
from ..diff.open_side import OLLAMA, open_side
from ..diff.side import Side
from ..report.convert import diff_report
from ..runtime.ollama.client import OllamaServer
from .command import Command
from .common import finish, format_option, host_option, read_bytes


@click.command(
    "diff",
    cls=Command,
    examples=(
        "mkmodelfile diff model-Q4_K_M.gguf model-Q8_0.gguf",
        "mkmodelfile diff old.jinja new.jinja",
        "mkmodelfile diff ./my-package ollama://my-model",
        "mkmodelfile diff model.gguf chat_template.jinja --format json > diff.json",
    ),
)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--data", is_flag=True, help="Compare the bytes of the tensors too, not their shapes alone.")
@host_option
@format_option
def command(before: str, after: str, data: bool, host: str | None, output_format: str) -> None:
    """Show how B differs from A: what they say, the prompts that change, and how replies are read.

    A and B are GGUFs, chat templates (Jinja), Go templates, Modelfiles, packages, or models on a server
    (`ollama://NAME`), in any combination. A chat template is rendered by Hugging Face's rules, a TEMPLATE as
    Ollama renders it; a server is asked for its own prompts. Each change is shown by the smallest
    conversation that was found for it. `-` lines are A's, `+` lines are B's.

    Exit code 0 where all that was compared is equal, 1 where something differs, 2 where A or B cannot be
    read.
    """
    if before == after == "-":
        raise UsageError("only one side can be standard input", help="give a file for the other one")
    with contextlib.ExitStack() as stack:
        servers: list[OllamaServer] = []

        def server() -> OllamaServer:
            if not servers:
                servers.append(stack.enter_context(OllamaServer(host)))
            return servers[0]

        if host is not None and not (before.startswith(OLLAMA) or after.startswith(OLLAMA)):
            raise UsageError("--host has no meaning without a model on a server", help=f"write {OLLAMA}NAME")
        sides = [_open(name, server) for name in (before, after)]
        report = diff_report(compare(sides[0], sides[1], data=data))
    finish(report, output_format)


def _open(name: str, server: Callable[[], OllamaServer]) -> Side:
    """A side; what cannot be read is wrong usage, since 1 says that the sides differ."""
    try:
        return open_side(name, server=server, stdin=lambda: read_bytes("-"))
    except KitError as error:
        error.exit_code = 2
        raise
