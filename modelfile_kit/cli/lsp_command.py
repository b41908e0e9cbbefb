"""`mkmodelfile lsp`."""

from __future__ import annotations

import importlib.util
import sys

import click

from ..core.errors import MissingDependencyError
from .command import Command
from .common import say
from .flags import current_flags
from .progress import nobody_waits


@click.command("lsp", cls=Command, examples=("mkmodelfile lsp",))
@click.option("--stdio", is_flag=True, help="Speak on standard input and output, as it does in any case.")
def command(stdio: bool) -> None:
    """Run the language server for Modelfiles, mkmodelfile.yaml and Go templates (.gotmpl).

    An editor starts it, and speaks the Language Server Protocol with it on standard input and output. It
    gives findings while you type, hover, completion, formatting, fixes, links and the outline. It writes no
    file and asks no network. docs/editors.md has the settings of VS Code, Neovim and Helix.
    """
    if importlib.util.find_spec("pygls") is None:
        raise MissingDependencyError(
            "the language server needs the library pygls, which is not installed",
            help='pip install "modelfile-kit[lsp]"',
        )
    from ..lsp.server import run_on_stdio

    if sys.stdin.isatty():
        say("waiting for an editor on standard input; Ctrl-C ends this")
    with nobody_waits():
        code = run_on_stdio(debug=current_flags().debug)
    if code:
        raise click.exceptions.Exit(code)
