"""`mkmodelfile completion`."""

from __future__ import annotations

import click

from .command import Command
from .completion import SHELLS, script
from .output import deliver


@click.command(
    "completion",
    cls=Command,
    examples=(
        "mkmodelfile completion bash > ~/.local/share/bash-completion/completions/mkmodelfile",
        "mkmodelfile completion zsh > ~/.zfunc/_mkmodelfile",
        "mkmodelfile completion fish > ~/.config/fish/completions/mkmodelfile.fish",
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the script that completes mkmodelfile's command lines in SHELL.

    Commands, options, their values, files, codes and the models of a running Ollama server are completed.
    docs/shells.md says where the script goes.
    """
    deliver(script(shell))
