"""A report as GitHub Actions workflow commands, which become annotations on the changed files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..core import codes
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.foreign_text import shown
from ..core.listed import some
from .model import Case, Report, Status
from .table import table_lines

NAMED = 5  # cases that a command names; of the rest it has the number
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report) -> str:
    """One command a finding; a failed case without a finding of its own becomes an error.

    GitHub shows ten errors of a step. So findings of cases that have no place in a file are one command for
    each code, and so are cases that failed for the same reason.
    """
    lines = [_command(d) for d in report.diagnostics]
    lines += _of_cases(report)
    failed: dict[object, list[Case]] = {}
    for number, case in enumerate(report.cases):
        if case.status is Status.FAILED and not case.diagnostics:
            failed.setdefault(number if case.details else case.summary, []).append(case)
    lines += [_failed(report, same) for same in failed.values()]
    if report.table:
        title = f"{report.command} {report.subject}"
        lines.append(_format("notice", title, "\n".join(table_lines(report.table)), None))
    return "".join(f"{line}\n" for line in lines)


def _command(diagnostic: Diagnostic) -> str:
    message = diagnostic.message + (f"\nhelp: {diagnostic.help}" if diagnostic.help else "")
    if address := codes.help_uri(diagnostic.code):
        message += f"\nsee: {address}"
    title = f"{diagnostic.code} {codes.name_of(diagnostic.code)}".rstrip()
    return _format(_LEVELS[diagnostic.severity], title, message, diagnostic.span)


def _of_cases(report: Report) -> Iterator[str]:
    """The findings of the cases, each with the name of its case."""
    alike: dict[tuple[str, Severity], list[tuple[str, Diagnostic]]] = {}
    for case in report.cases:
        for found in case.diagnostics:
            if found.span and found.span.file:
                yield _command(found)
            else:
                alike.setdefault((found.code, found.severity), []).append((case.name, found))
    for same in alike.values():
        name, first = same[0]
        others = list(dict.fromkeys(other for other, _ in same if other != name))
        more = f"\nthe same code: {some(others, NAMED)}" if others else ""
        yield _command(replace(first, message=f"{name}: {first.message}{more}"))


def _failed(report: Report, same: Sequence[Case]) -> str:
    case = same[0]
    names = some([each.name for each in same], NAMED)
    message = f"{names}: {case.summary or 'failed'}" + (f"\n{case.details}" if case.details else "")
    return _format("error", f"{report.command} {report.subject}", message, None)


def _format(level: str, title: str, message: str, span: Span | None) -> str:
    properties = {"title": title}
    if span and span.file:
        properties["file"] = span.file
        places = {"line": span.line, "col": span.column}
        places |= {"endLine": span.end_line, "endColumn": span.end_column}
        for key, value in places.items():
            if value is not None:
                properties[key] = str(value)
    joined = ",".join(f"{k}={_escape_property(v)}" for k, v in properties.items())
    return f"::{level} {joined}::{_escape(message)}"


# Escapes: GitHub's "Workflow commands" reference; a property also has its separators escaped.
def _escape(text: str) -> str:
    return shown(text, lines=True).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
