"""`mkmodelfile repair`."""

from __future__ import annotations

import sys
from difflib import unified_diff
from pathlib import Path

import click

from ..core.errors import UsageError
from ..publish.keeping import before_repair_name
from ..publish.repair import NotRepairedError, Repaired, repair
from ..publish.repair_plan import Change, RepairPlan, plan_repair
from ..report import Case, Report, Status
from ..report.convert import verify_report
from ..runtime.ollama.client import OllamaServer
from .command import Command
from .common import finish, format_option, host_option, refusals_as_report, say, step_progress
from .output import show


@click.command(
    "repair",
    cls=Command,
    examples=(
        "mkmodelfile repair my-model --dry-run",
        "mkmodelfile repair my-model",
        "mkmodelfile repair my-model:8b --yes --host http://gpu-server:11434 --model my-model-8b.gguf",
    ),
)
@click.argument("name")
@host_option
@click.option(
    "--model",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The model's GGUF, where the server keeps its own on another machine.",
)
@click.option(
    "--projector",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="With --model: the projector that the server has.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be changed; change nothing.")
@click.option("--yes", is_flag=True, help="Change it without asking.")
@format_option
def command(
    name: str,
    host: str | None,
    model: Path | None,
    projector: Path | None,
    dry_run: bool,
    yes: bool,
    output_format: str,
) -> None:
    """Give the installed model NAME the TEMPLATE, PARSER and stops that are proven for its GGUF.

    The change is shown first. The model is created from itself, without an upload, verified, and only then
    takes over the name; the old one stays under the tag TAG-before-repair. What is right already is not
    changed, and whatever goes wrong leaves the model as it was. A RENDERER or PARSER that is worse than none
    is taken away.
    """
    if projector is not None and model is None:
        raise click.UsageError("--projector needs --model")
    with OllamaServer(host) as server:
        with refusals_as_report("repair", name, output_format):
            plan = plan_repair(server, name, model=model, projector=projector)
        cases = tuple(map(_case, plan.changes))
        if not plan.changes:
            done = (Case("model", Status.PASSED, f"is right already: {plan.why}"),)
            return finish(Report("repair", name, done), output_format)
        if output_format == "text":
            show("\n".join(_shown(name, plan)))
        if dry_run:
            say("nothing was changed (--dry-run)")
            return None if output_format == "text" else finish(Report("repair", name, cases), output_format)
        _ask(name, before_repair_name(server, name), yes)
        try:
            with step_progress() as progress:
                repaired = repair(server, plan, progress=progress)
        except NotRepairedError as error:
            say(error.message)
            report = verify_report(error.report, command="repair", subject=name)
            return finish(report, output_format)
    return finish(_report(repaired, cases, output_format), output_format)


def _ask(name: str, kept: str, yes: bool) -> None:
    """Ends the command unless the change is wanted."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"{name} would be changed, and standard input is no terminal on which to ask",
            help=f"`mkmodelfile repair {name} --yes` changes it, `--dry-run` only shows the change",
        )
    if not click.confirm(f"Change {name}? The old one stays as {kept}", err=True):
        say("nothing was changed")
        raise click.exceptions.Exit(1)


def _shown(name: str, plan: RepairPlan) -> list[str]:
    """The change in words and as a diff."""
    lines = []
    for change in plan.changes:
        lines += [f"{change.instruction} of {name}: {change.why}", *_difference(change), ""]
    if plan.anew:
        lines += ["It is created anew from the files that the server has; nothing is uploaded.", ""]
    if plan.note:
        lines += [f"Note: {plan.note}.", ""]
    return lines[:-1]


def _difference(change: Change) -> list[str]:
    old, new = (text.split("\n") if text else [] for text in (change.old, change.new))
    return [f"  {line}" for line in unified_diff(old, new, "old", "new", lineterm="", n=2)]


def _case(change: Change) -> Case:
    data = {"old": change.old, "new": change.new}
    return Case(change.instruction, Status.PASSED, change.why, data=data)


def _report(repaired: Repaired, cases: tuple[Case, ...], output_format: str) -> Report:
    say(f"repaired {repaired.name}; the old model is {repaired.kept}")
    report = verify_report(repaired.verified, command="repair", subject=repaired.name)
    whole = (*cases, *report.cases) if output_format != "text" else report.cases
    return Report("repair", repaired.name, whole, facts={**report.facts, "old model": repaired.kept})
