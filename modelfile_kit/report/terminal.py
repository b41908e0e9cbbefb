"""A report for people at a terminal; the same text without colour goes into logs."""

from __future__ import annotations

import textwrap

import click

from ..core.diagnostics import Diagnostic, Severity
from .model import Case, Report, Status

# Narrower than this, wrapped text is harder to read than what the terminal makes of it.
MIN_WIDTH = 40
_MARKS = {Status.PASSED: ("✓", "green"), Status.FAILED: ("✗", "red"), Status.SKIPPED: ("-", "yellow")}
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def render(report: Report, *, color: bool = False, width: int | None = None) -> str:
    """One line a case, failures with their details, then the findings and a closing line.

    width: of the terminal, in columns; findings are wrapped at words. None leaves each on one line.
    """
    lines = [_paint(f"{report.command} {report.subject}", color, bold=True)]
    lines += [
        f"  {key}: {value}" for key, value in report.facts.items() if isinstance(value, (str, int, float))
    ]
    for case in report.cases:
        lines += _case(case, color, width)
    for diagnostic in report.diagnostics:
        lines += diagnostic_lines(diagnostic, color=color, width=width)
    lines.append(_closing(report, color))
    return "\n".join(lines) + "\n"


def diagnostic_lines(
    diagnostic: Diagnostic, *, color: bool = False, indent: str = "", width: int | None = None
) -> list[str]:
    """`place: severity CODE: message`, then what to do; wrapped at words where a width is given."""
    where = f"{diagnostic.span}: " if diagnostic.span and str(diagnostic.span) else ""
    label = f"{diagnostic.severity} {diagnostic.code}"
    first, *rest = (diagnostic.message or "").splitlines() or [""]
    lines = _wrapped(f"{indent}{where}{label}: {first}", f"{indent}  ", width)
    lines[0] = lines[0].replace(
        f"{where}{label}", where + _paint(label, color, fg=_COLOURS[diagnostic.severity], bold=True), 1
    )
    for line in rest:
        lines += _wrapped(f"{indent}  {line}", f"{indent}  ", width)
    for i, line in enumerate(diagnostic.help.splitlines()):
        head = f"{indent}  help: " if i == 0 else f"{indent}        "
        lines += _wrapped(head + line, f"{indent}        ", width)
    return lines


def _wrapped(line: str, indent: str, width: int | None) -> list[str]:
    """The line in pieces that fit; a word that does not fit stays whole, so that it can be copied."""
    if width is None or len(line) <= max(width, MIN_WIDTH):
        return [line]
    return textwrap.wrap(
        line,
        max(width, MIN_WIDTH),
        subsequent_indent=indent,
        replace_whitespace=False,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _case(case: Case, color: bool, width: int | None) -> list[str]:
    mark, colour = _MARKS[case.status]
    tail = f"  {case.summary}" if case.summary else ""
    lines = _wrapped(f"  {mark} {case.name}{tail}", "      ", width)
    lines[0] = lines[0].replace(mark, _paint(mark, color, fg=colour), 1)
    if case.status is Status.FAILED:
        lines += [f"      {line}" for line in case.details.splitlines()]
    for diagnostic in case.diagnostics:
        lines += diagnostic_lines(diagnostic, color=color, indent="      ", width=width)
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
