"""A report for people at a terminal; the same text without colour goes into logs."""

from __future__ import annotations

import click

from ..diagnostics import Diagnostic, Severity
from .model import Case, Report, Status

_MARKS = {Status.PASSED: ("✓", "green"), Status.FAILED: ("✗", "red"), Status.SKIPPED: ("-", "yellow")}
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def render(report: Report, *, color: bool = False) -> str:
    """One line a case, failures with their details, then the findings and a closing line."""
    lines = [_paint(f"{report.command} {report.subject}", color, bold=True)]
    lines += [
        f"  {key}: {value}" for key, value in report.facts.items() if isinstance(value, (str, int, float))
    ]
    for case in report.cases:
        lines += _case(case, color)
    for diagnostic in report.diagnostics:
        lines += diagnostic_lines(diagnostic, color=color)
    lines.append(_closing(report, color))
    return "\n".join(lines) + "\n"


def diagnostic_lines(diagnostic: Diagnostic, *, color: bool = False, indent: str = "") -> list[str]:
    """`place: severity CODE: message`, then what to do."""
    where = f"{diagnostic.span}: " if diagnostic.span and str(diagnostic.span) else ""
    label = _paint(
        f"{diagnostic.severity} {diagnostic.code}", color, fg=_COLOURS[diagnostic.severity], bold=True
    )
    first, *rest = (diagnostic.message or "").splitlines() or [""]
    lines = [f"{indent}{where}{label}: {first}", *(f"{indent}  {line}" for line in rest)]
    for i, line in enumerate(diagnostic.help.splitlines()):
        lines.append(f"{indent}  help: {line}" if i == 0 else f"{indent}        {line}")
    return lines


def _case(case: Case, color: bool) -> list[str]:
    mark, colour = _MARKS[case.status]
    tail = f"  {case.summary}" if case.summary else ""
    lines = [f"  {_paint(mark, color, fg=colour)} {case.name}{tail}"]
    if case.status is Status.FAILED:
        lines += [f"      {line}" for line in case.details.splitlines()]
    for diagnostic in case.diagnostics:
        lines += diagnostic_lines(diagnostic, color=color, indent="      ")
    return lines


def _closing(report: Report, color: bool) -> str:
    parts = [f"{report.count(s)} {s}" for s in Status if report.count(s)]
    for severity in (Severity.ERROR, Severity.WARNING):
        n = sum(d.severity is severity for d in report.all_diagnostics())
        if n:
            parts.append(f"{n} {severity}{'s' if n > 1 else ''}")
    verdict = "ok" if report.ok else "failed"
    text = f"{report.command}: {verdict}" + (f" ({', '.join(parts)})" if parts else "")
    return _paint(text, color, fg="green" if report.ok else "red", bold=True)


def _paint(text: str, color: bool, *, fg: str | None = None, bold: bool | None = None) -> str:
    return click.style(text, fg=fg, bold=bold) if color else text
