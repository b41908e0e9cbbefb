"""`mkmodelfile repair`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import unified_diff
from operator import itemgetter
from pathlib import Path

import click

from ..building.sources import open_files
from ..core.errors import KitError, UsageError
from ..core.progress import tell_step, told_steps
from ..package.package import load_package
from ..package.variants import variant_packages
from ..publish.keeping import before_repair_name, kept_models
from ..publish.names import is_working_name, name_on_server
from ..publish.repair import NotRepairedError, Repaired, repair
from ..publish.repair_plan import CANNOT, Change, RepairPlan, plan_repair
from ..report import Case, Report, Status
from ..report.convert import verify_report
from ..runtime.ollama.client import OllamaServer
from .command import Command
from .common import finish, format_option, host_option, is_verbose, say, write_report_files
from .next_step import say_next
from .output import show
from .progress import nobody_waits, step_progress
from .variants import is_package, model_named, variant_option

RIGHT = "is right already"

_Files = tuple[Path | None, Path | None]
"""Model and projector; None for those that the server has."""


@click.command(
    "repair",
    cls=Command,
    examples=(
        "mkmodelfile repair my-model --dry-run",
        "mkmodelfile repair ./my-package --variant q8_0 --host http://gpu-server:11434",
        "mkmodelfile repair --all --dry-run --format json",
        "mkmodelfile repair my-model:8b --yes --host http://gpu-server:11434 --model my-model-8b.gguf",
    ),
)
@click.argument("names", nargs=-1, metavar="NAME...")
@variant_option
@click.option("--all", "every", is_flag=True, help="Every model on the server, but for those that are kept.")
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
    names: tuple[str, ...],
    variants: tuple[str, ...],
    every: bool,
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
    is taken away. Of several models, one that cannot be repaired does not keep the others from it.

    A NAME that begins with `./`, `../` or `/` is a package: the models that it was published as, those of
    --variant alone, or all; its GGUF files are those of the models.
    """
    if bool(names) == every:
        raise click.UsageError("name the models, or give --all" if not names else "--all takes no names")
    if projector is not None and model is None:
        raise click.UsageError("--projector needs --model")
    if model is not None and (every or len(names) > 1):
        raise click.UsageError("--model is the file of one model; name that one alone")
    if variants and not any(is_package(name) for name in names):
        raise click.UsageError("--variant is for a package, such as ./my-package; name the models otherwise")
    files = {name: (model, projector) for name in names if not is_package(name)}
    for path in filter(is_package, names):
        files |= _of_package(Path(path), variants, model, projector)
    files = {name_on_server(name): found for name, found in files.items()}
    with OllamaServer(host) as server:
        if every or len(files) > 1:
            wanted = dict.fromkeys(_all_names(server), (None, None)) if every else files
            changes = _many(server, wanted, every, dry_run, yes, output_format)
            if changes and dry_run and output_format == "text":
                _say_next(names, variants, every, host, model, projector)
            return None
        ((name, found),) = files.items()
        with model_named(name):
            plan = plan_repair(server, name, model=found[0], projector=found[1])
        cases = tuple(map(_case, plan.changes))
        if not plan.changes:
            said = f"{RIGHT}: {plan.why}"
            done = (Case("model", Status.PASSED, said),)
            return finish(Report("repair", name, done, brief=True, headline=said), output_format)
        if output_format == "text":
            show("\n".join(_shown(name, plan)))
        if dry_run:
            say("nothing was changed (--dry-run)")
            if output_format != "text":
                return finish(Report("repair", name, cases), output_format)
            write_report_files(Report("repair", name, cases))
            return _say_next(names, variants, every, host, model, projector)
        _ask(f"Change {name}? The old one stays as {before_repair_name(server, name)}", name, yes)
        try:
            with step_progress() as progress:
                repaired = repair(server, plan, progress=progress)
        except NotRepairedError as error:
            say(error.message)
            report = verify_report(error.report, command="repair", subject=name)
            return finish(replace(report, brief=True), output_format)
    return finish(_report(repaired, cases, output_format), output_format)


def _of_package(
    package: Path, chosen: tuple[str, ...], model: Path | None, projector: Path | None
) -> dict[str, _Files]:
    """The models that a package was published as, under all their names, and their files."""
    found: dict[str, _Files] = {}
    packages = variant_packages(load_package(package), chosen)
    if model is not None and len(packages) > 1:
        raise click.UsageError("--model is the file of one model; choose one with --variant")
    for one in packages:
        if model is not None:
            files = model, projector
        elif one.problem is not None:
            raise one.problem
        else:
            opened = open_files(one)
            files = opened.model, opened.projector
        found |= dict.fromkeys((one.name, *one.also), files)
    return found


def _all_names(server: OllamaServer) -> list[str]:
    """The models on the server, without working names and without those that a change keeps."""
    listed = sorted(str(model.get("model") or "") for model in server.models())
    kept = {k.name for name in listed for k in kept_models(server, name)}
    return [name for name in listed if name and name not in kept and not is_working_name(name)]


def _many(
    server: OllamaServer,
    names: Mapping[str, _Files],
    every: bool,
    dry_run: bool,
    yes: bool,
    output_format: str,
) -> bool:
    """Plans for all of them, one question, and a line for each that is changed; whether there is one."""
    done: dict[str, Case] = {}
    plans: dict[str, RepairPlan] = {}
    for name, (model, projector) in told_steps("look at", names.items(), itemgetter(0), len(names)):
        try:
            plan = plan_repair(server, name, model=model, projector=projector)
        except KitError as error:
            # What cannot be repaired so is no fault of a model that nobody named.
            status = Status.SKIPPED if every and error.code == CANNOT else Status.FAILED
            done[name] = _failed(name, error, status)
            continue
        if plan.changes:
            plans[name] = plan
            if output_format == "text":
                show("\n".join([*_shown(name, plan), ""]))
        else:
            done[name] = Case(name, Status.PASSED, f"{RIGHT}: {plan.why}")
    if plans and not dry_run:
        _ask(f"Change {', '.join(plans)}? The old ones stay as TAG-before-repair", " ".join(plans), yes)
    for number, (name, plan) in enumerate(plans.items()):
        changed = ", ".join(change.instruction for change in plan.changes)
        data = {c.instruction: {"old": c.old, "new": c.new, "why": c.why} for c in plan.changes}
        if dry_run:
            done[name] = Case(name, Status.PASSED, f"would be changed: {changed}", data=data)
            if output_format == "text" and not is_verbose():
                say(f"{name} would be changed: {changed}")
            continue
        tell_step("repair", name, number, len(plans))
        try:
            with step_progress() as progress:
                repaired = repair(server, plan, progress=progress)
        except KitError as error:
            done[name] = _failed(name, error)
            continue
        told = f"repaired: {changed}; the old model is {repaired.kept}"
        done[name] = Case(name, Status.PASSED, told, data=data)
        if output_format == "text" and not is_verbose():
            say(f"{name} {told}")
    if dry_run:
        say("nothing was changed (--dry-run)")
    if not names:
        say("there is no model on the server")
    subject = "--all" if every else f"{len(names)} models"
    right = sum(case.summary.startswith(RIGHT) for case in done.values())
    headline = f"{right} of {len(names)} {'is' if right == 1 else 'are'} right already" if right else ""
    cases = tuple(done[name] for name in names)
    finish(Report("repair", subject, cases, brief=True, headline=headline), output_format)
    return bool(plans)


def _say_next(
    names: Sequence[str],
    variants: Sequence[str],
    every: bool,
    host: str | None,
    model: Path | None,
    projector: Path | None,
) -> None:
    """The same without --dry-run."""
    words = [*names, *(word for tag in variants for word in ("--variant", tag))]
    words += ["--all"] if every else []
    for option, value in (("--host", host), ("--model", model), ("--projector", projector)):
        words += [option, str(value)] if value is not None else []
    say_next("mkmodelfile", "repair", *words)


def _failed(name: str, error: KitError, status: Status = Status.FAILED) -> Case:
    found = error.findings if status is Status.FAILED else ()
    return Case(name, status, error.message, diagnostics=found)


def _ask(question: str, names: str, yes: bool) -> None:
    """Ends the command unless the change is wanted."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"{names} would be changed, and standard input is no terminal on which to ask",
            help=f"`mkmodelfile repair {names} --yes` changes it, `--dry-run` only shows the change",
        )
    with nobody_waits():
        wanted = click.confirm(question, err=True)
    if not wanted:
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
    facts = {**report.facts, "old model": repaired.kept}
    return replace(report, cases=whole, facts=facts, brief=True)
