"""A report as GitHub Actions workflow commands, which become annotations on the changed files."""

from __future__ import annotations

from ..core import codes
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.foreign_text import shown
from .model import Case, Report, Status
from .table import table_lines

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report) -> str:
    """One command a finding; a failed case without a finding of its own becomes an error."""
    lines = [_command(d) for d in report.all_diagnostics()]
    lines += [_failed(report, c) for c in report.cases if c.status is Status.FAILED and not c.diagnostics]
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


def _failed(report: Report, case: Case) -> str:
    message = f"{case.name}: {case.summary or 'failed'}" + (f"\n{case.details}" if case.details else "")
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
