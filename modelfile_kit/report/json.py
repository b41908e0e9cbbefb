"""A report as one JSON object, for programs."""

from __future__ import annotations

from typing import Any

from ..core.foreign_text import json_text
from ..core.version import __version__
from .model import Case, Report


def render(report: Report) -> str:
    """The whole report; keys that would be empty are still there, so that readers need no guards."""
    return json_text(to_dict(report), indent=2) + "\n"


def to_dict(report: Report) -> dict[str, Any]:
    """Plain values: tool, version, command, subject, ok, facts, cases, diagnostics, table, files."""
    return {
        "tool": "modelfile-kit",
        "version": __version__,
        "command": report.command,
        "subject": report.subject,
        "ok": report.ok,
        "facts": dict(report.facts),
        "cases": [_case(c) for c in report.cases],
        "diagnostics": [d.to_dict() for d in report.diagnostics],
        "table": [dict(row) for row in report.table],
        "files": list(report.files),
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        "name": case.name,
        "status": case.status.value,
        "summary": case.summary,
        "details": case.details,
        "diagnostics": [d.to_dict() for d in case.diagnostics],
        "seconds": case.seconds,
        "data": dict(case.data),
        "help": case.help,
    }
