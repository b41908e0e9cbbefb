"""`--variant`, and one report of what became of several variants."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from ..building.build import Build
from ..building.variant_differences import CODES
from ..building.variants import VariantBuild
from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import KitError, ServerError
from ..package.package import Package
from ..package.variants import variant_packages
from ..report import Case, Report, Status
from ..report.table import table_lines
from .common import say_drawn
from .output import panel_width, wants_color

Command = TypeVar("Command", bound=Callable[..., Any])


def variant_option(command: Command) -> Command:
    """`--variant TAG`, which may be given several times."""
    return click.option(
        "--variant",
        "variants",
        metavar="TAG",
        multiple=True,
        help="Only this one of the package's `variants`; may be given several times. By default all.",
    )(command)


def is_package(name: str) -> bool:
    """Whether what stands for a model on a server is the path of a package."""
    return name.startswith(("./", "../", "/", ".\\", "..\\")) or name in (".", "..")


@contextmanager
def model_named(name: str) -> Iterator[None]:
    """Where the server has no model of this name, the error says how the package of that path is written."""
    try:
        yield
    except ServerError as error:
        if error.code == "MK808" and Path(name).exists():
            error.help = f"for the package write `./{name}`; {error.help}"
        raise


def one_variant_option(command: Command) -> Command:
    """`--variant TAG` of a command that looks at one model."""
    return click.option(
        "--variant",
        metavar="TAG",
        help="This one of the package's `variants`; by default the main one.",
    )(command)


def one_variant(package: Package, tag: str | None, *, stand_in: bool = False) -> Package:
    """The variant of that tag as a package; without a tag the package, which is the main one.

    stand_in: another model takes the place of its own. Raises what keeps its own from being found otherwise.
    """
    one = package if tag is None else variant_packages(package, (tag,))[0]
    if one.problem is not None and not stand_in:
        raise one.problem
    return one


@dataclass(frozen=True)
class Outcome:
    """What a command made of one variant.

    result: for the table. cases: what was looked at; of none, the variant itself is the case, and status
    and summary are its own. seconds: None for those of the build.
    """

    of: VariantBuild
    result: str
    status: Status = Status.PASSED
    summary: str = ""
    cases: tuple[Case, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    seconds: float | None = None
    names: tuple[str, ...] = ()

    @property
    def row(self) -> dict[str, Any]:
        """Its row of the table."""
        row = self.of.row(self.result, self.seconds)
        return {**row, "name": self.names[0], "also": list(self.names[1:])} if self.names else row


def variant_names(whole: Package, name: str | None = None) -> dict[str, tuple[str, ...]]:
    """The names of each variant by its tag, its own first. name: in place of the package's."""
    ours = variant_packages(whole)
    theirs = variant_packages(replace(whole, name=name)) if name is not None else ours
    return {
        own.variant or own.name: (there.name, *there.also) for own, there in zip(ours, theirs, strict=True)
    }


def own_findings(built: Build) -> tuple[Diagnostic, ...]:
    """What a build says of it as a variant: where it is not the main one with other weights."""
    return tuple(d for d in built.diagnostics if d.code in CODES)


def failed(of: VariantBuild, error: KitError, result: str = "failed", **more: Any) -> Outcome:
    """The outcome of a variant that an error ended."""
    return Outcome(of, result, Status.FAILED, error.message, (), error.findings, **more)


def report_of_variants(
    command: str, subject: str, outcomes: Sequence[Outcome], fail_on: Severity = Severity.ERROR
) -> Report:
    """One report: cases are named `TAG/case`, a finding that several variants have is told once.

    subject: what it is called; the package's name takes the place of `.`, which says nothing elsewhere.
    """
    if subject == "." and outcomes:
        one = outcomes[0].of
        subject = one.package.name.removesuffix(f":{one.tag}")
    told: set[Diagnostic] = set()
    cases: list[Case] = []
    for outcome in outcomes:
        new = tuple(d for d in dict.fromkeys(outcome.diagnostics) if d not in told)
        told.update(new)
        tag = outcome.of.tag
        if outcome.cases:
            cases += [replace(c, name=f"{tag}/{c.name}") for c in outcome.cases]
        if new or not outcome.cases:
            status = outcome.status if not outcome.cases else Status.PASSED
            summary = outcome.summary or outcome.result
            name = f"{tag}/package" if outcome.cases else tag
            cases.append(Case(name, status, summary, diagnostics=new, data=dict(outcome.facts)))
    facts = {outcome.of.tag: dict(outcome.facts) for outcome in outcomes if outcome.facts}
    rows = tuple(outcome.row for outcome in outcomes)
    return Report(command, subject, tuple(cases), facts=facts, fail_on=fail_on, table=rows)


def say_table(outcomes: Sequence[Outcome]) -> None:
    """The table as a remark, for commands whose result is something else."""
    rows = [outcome.row for outcome in outcomes]
    say_drawn(table_lines(rows, width=panel_width(sys.stderr), color=wants_color(sys.stderr)))


def raise_if_all_alike(builds: Sequence[VariantBuild]) -> None:
    """Raises the error of a package that is no package with several variants, or of which none was built.

    So a package without variants, and one whose every variant has the same fault, is told as one.
    """
    errors = [b.error for b in builds if b.error is not None]
    if errors and len(errors) == len(builds) and len({str(e) for e in errors}) == 1:
        raise errors[0]
