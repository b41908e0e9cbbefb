"""The findings of a report, each cause once, with the cases that have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..core import codes
from ..core.diagnostics import Diagnostic, Severity
from .model import Case, Report


@dataclass
class Wording:
    """One finding as it was said, and the cases that it was said of."""

    diagnostic: Diagnostic
    cases: list[Case] = field(default_factory=list)


@dataclass
class Cause:
    """What several cases have in common: one code, of one severity.

    wordings: the findings that differ in what they say, the first said first. cases: all that have it, in
    order; none for what concerns the whole.
    """

    code: str
    severity: Severity
    wordings: dict[Diagnostic, Wording] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)

    @property
    def first(self) -> Diagnostic:
        """The finding that was said first."""
        return next(iter(self.wordings))

    @property
    def name(self) -> str:
        """The name of its code."""
        return codes.name_of(self.code)

    @property
    def about(self) -> Mapping[str, str]:
        """What the code's page says of it, by its heads; without the example."""
        found = codes.find(self.code)
        heads = ("What it means", "Why it matters", "What to do")
        return {h: found.section(h) for h in heads if found.section(h)} if found else {}

    def add(self, found: Diagnostic, case: Case | None) -> None:
        """One more finding of this cause. case: None where it concerns the whole."""
        wording = self.wordings.setdefault(found, Wording(found))
        for cases in (self.cases, wording.cases):
            if case is not None and not (cases and cases[-1] is case):
                cases.append(case)


def alike(diagnostics: Iterable[Diagnostic]) -> list[list[Diagnostic]]:
    """Findings that have one code, severity and help together, in the order of the first of each."""
    found: dict[tuple[str, Severity, str], list[Diagnostic]] = {}
    for d in diagnostics:
        found.setdefault((d.code, d.severity, d.help), []).append(d)
    return list(found.values())


def causes(report: Report) -> list[Cause]:
    """The causes of a report's findings: the worst first, then in the order in which they were found."""
    found: dict[tuple[str, Severity], Cause] = {}
    for case, diagnostics in ((None, report.diagnostics), *((c, c.diagnostics) for c in report.cases)):
        for d in diagnostics:
            found.setdefault((d.code, d.severity), Cause(d.code, d.severity)).add(d, case)
    return sorted(found.values(), key=lambda cause: cause.severity.rank)
