"""`mkmodelfile rollback`."""

from __future__ import annotations

import click

from ..core.durations import duration_text
from ..publish.keeping import kept_models, roll_back
from ..publish.names import name_on_server
from ..publish.take_over import digest_of
from ..report import Case, Report, Status
from ..runtime.ollama.client import OllamaServer
from .command import Command
from .common import finish, format_option, host_option, say


@click.command(
    "rollback",
    cls=Command,
    examples=(
        "mkmodelfile rollback my-model",
        "mkmodelfile rollback my-model --list",
        "mkmodelfile rollback my-model:8b --to 8b-before-repair --host http://gpu-server:11434",
    ),
)
@click.argument("name")
@click.option(
    "--to",
    metavar="TAG",
    help="Go back to this tag (or name) instead of the model that was replaced last.",
)
@click.option("--list", "only_list", is_flag=True, help="Show the kept models; change nothing.")
@host_option
@format_option
def command(name: str, to: str | None, only_list: bool, host: str | None, output_format: str) -> None:
    """Give NAME the model back that `publish --keep-previous` or `repair` replaced on an Ollama server.

    The present model is kept as TAG-previous, so a second rollback returns to it. Nothing is uploaded.
    """
    name = name_on_server(name)
    with OllamaServer(host) as server:
        if only_list:
            return finish(_listed(server, name), output_format)
        done = roll_back(server, name, to)
    say(f"{name} is what {done.source} was" + (f"; the model before is {done.kept}" if done.kept else ""))
    case = Case(name, Status.PASSED, f"is what {done.source} was", data={"digest": done.digest})
    return finish(Report("rollback", name, (case,), facts={"kept": done.kept}, brief=True), output_format)


def _listed(server: OllamaServer, name: str) -> Report:
    present = digest_of(server, name)
    cases = []
    for kept in kept_models(server, name):
        age = f"{duration_text((server.clock - kept.since).total_seconds())} old" if kept.since else "no date"
        same = f", the same model as {name}" if kept.digest == present else ""
        cases.append(Case(kept.name, Status.PASSED, f"{kept.digest[:12]}, {age}{same}"))
    none = "" if cases else "no model is kept"
    return Report("rollback", f"--list {name}", tuple(cases), brief=not cases, headline=none)
