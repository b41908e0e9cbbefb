"""`mkmodelfile play`.

What only some calls need is imported where it is used, so that the command starts faster.
"""

from __future__ import annotations

import click

from ..core.errors import UsageError
from ..core.os_errors import os_reason
from .command import Command
from .common import file_options, say
from .output import show
from .progress import nobody_waits
from .variants import one_variant_option


@click.command(
    "play",
    cls=Command,
    examples=(
        "mkmodelfile play --open",
        "mkmodelfile play ./my-package --port 8090",
        "mkmodelfile play model.gguf",
        "mkmodelfile play hf.co/ORG/REPO-GGUF:Q4_K_M",
    ),
)
@click.argument("source", metavar="[PACKAGE|TEMPLATE]", default=".")
@one_variant_option
@file_options
@click.option("--name", metavar="NAME", help="Which of several named chat templates (default, tool_use, …).")
@click.option("--bos", metavar="TEXT", help="The model's BOS token, where a chat template uses `bos_token`.")
@click.option("--eos", metavar="TEXT", help="The model's EOS token, where a chat template uses `eos_token`.")
@click.option(
    "--target", metavar="VERSION", help="Oldest Ollama that the model must work on, such as '>=0.30'."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="a free one",
    help="Port to listen on, on 127.0.0.1.",
)
@click.option("--open", "open_it", is_flag=True, help="Open the page in the browser.")
def command(
    source: str,
    variant: str | None,
    model: str | None,
    projector: str | None,
    name: str | None,
    bos: str | None,
    eos: str | None,
    target: str | None,
    port: int,
    open_it: bool,
) -> None:
    """Try conversations on a local page: prompts, tokens and replies while you type.

    PACKAGE is a folder with a mkmodelfile.yaml; TEMPLATE a GGUF, a chat template (Jinja), a Go template or a
    name such as hf.co/ORG/REPO. Only this machine reaches the page. Ends with Ctrl-C.
    """
    from ..play.process import Player
    from ..play.server import PlayServer
    from ..play.subject import Asked

    say(f"reading {source}")
    with Player(Asked(source, variant, model, projector, target, name, bos, eos)) as player:
        try:
            server = PlayServer(port, player.facts, player.answer)
        except OSError as error:
            raise UsageError(
                f"cannot listen on port {port} of this machine: {os_reason(error)}",
                help="leave --port out for a free one",
            ) from error
        with server:
            show(server.url)
            say("type a conversation on this page; Ctrl-C ends it")
            if open_it:
                _open(server.url)
            try:
                with nobody_waits():
                    server.serve_forever(poll_interval=0.2)
            except KeyboardInterrupt:
                say("ended")


def _open(url: str) -> None:
    import webbrowser

    if not webbrowser.open(url):
        say("no browser was found; open the address yourself")
