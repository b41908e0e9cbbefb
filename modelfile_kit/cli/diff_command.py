"""`mkmodelfile diff`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click

from ..core.errors import KitError, UsageError
from ..diff.compare import compare
from ..diff.open_side import OLLAMA, open_side
from ..report.convert import diff_report
from ..runtime.ollama.client import OllamaServer
from ..sources.name import PATH, parse_name
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
    (`ollama://NAME`, or NAME beside --host), in any combination. A chat template is rendered by Hugging
    Face's rules, a TEMPLATE as Ollama renders it; a server is asked for its own prompts. Each change is shown
    by the smallest conversation that was found for it. `-` lines are A's, `+` lines are B's.

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

        with _no_difference():
            names = [_on_server(name) if host is not None else name for name in (before, after)]
            if host is not None and not any(name.startswith(OLLAMA) for name in names):
                message = "--host has no meaning without a model on a server"
                raise UsageError(message, help=f"write {OLLAMA}NAME")
            one, other = (open_side(n, server=server, stdin=lambda: read_bytes("-")) for n in names)
            compared = compare(one, other, data=data)
            if not compared.anything:
                kinds = f"{one.name} ({one.kind}) and {other.name} ({other.kind})"
                raise UsageError(
                    f"{kinds} have nothing that could be compared",
                    help="; ".join(f"{part.name}: {part.summary}" for part in compared.parts),
                )
            if compared.broken is not None and not compared.differs:
                raise compared.broken  # the same fault twice is no agreement
    finish(diff_report(compared), output_format)


def _on_server(name: str) -> str:
    """A name beside --host: of a model on that server, unless a file has it or it is a path."""
    is_path = name.startswith((".", "/", "~")) or name == "-" or Path(name).exists()
    return name if is_path or parse_name(name).kind != PATH else OLLAMA + name


@contextlib.contextmanager
def _no_difference() -> Iterator[None]:
    """What cannot be read is wrong usage, since exit code 1 says that the sides differ."""
    try:
        yield
    except KitError as error:
        error.exit_code = 2
        raise
