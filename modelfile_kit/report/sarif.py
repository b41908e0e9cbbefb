"""A report as SARIF 2.1.0, which code scanning services read."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from ..core import codes
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.foreign_text import json_text, shown
from ..core.version import __version__
from .model import Report, Status

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(report: Report) -> str:
    """One run; each finding is a result, a failed case without a finding is one of the report's rule."""
    results = [_result(d) for d in report.all_diagnostics()]
    for case in report.cases:
        if case.status is Status.FAILED and not case.diagnostics:
            text = f"{case.name}: {case.summary or 'failed'}"
            results.append(_result(Diagnostic(report.rule, Severity.ERROR, text)))
    rules = [_rule(code) for code in sorted({r["ruleId"] for r in results})]
    driver = {"name": "modelfile-kit", "version": __version__, "rules": rules}
    run: dict[str, Any] = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    # Code scanning refuses two runs of one tool and category in one upload.
    about = () if report.files else (quote(report.subject.encode("utf-8", "surrogatepass"), safe=""),)
    run["automationDetails"] = {"id": "/".join(("mkmodelfile", report.command, *about, ""))}
    if report.table:
        run["properties"] = {"table": [dict(row) for row in report.table]}
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_text(log, indent=2) + "\n"


def _rule(code: str) -> dict[str, Any]:
    """What the registry says of a code."""
    about = codes.find(code)
    if about is None:
        return {"id": code}
    return {
        "id": code,
        "name": about.name,
        "shortDescription": {"text": about.title},
        "fullDescription": {"text": about.section("What it means")},
        "help": {"text": about.page.strip(), "markdown": about.page.strip()},
        "helpUri": codes.help_uri(code),
        "defaultConfiguration": {"level": _LEVELS[about.severity]},
    }


def _result(diagnostic: Diagnostic) -> dict[str, Any]:
    text = diagnostic.message + (f"\nhelp: {diagnostic.help}" if diagnostic.help else "")
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": shown(text, lines=True)},
    }
    if diagnostic.span and diagnostic.span.file:
        result["locations"] = [{"physicalLocation": _location(diagnostic.span)}]
    return result


def _location(span: Span) -> dict[str, Any]:
    assert span.file is not None
    path = PurePath(span.file)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix().encode("utf-8", "surrogatepass"))
    location: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    names = {"startLine": span.line, "startColumn": span.column}
    names |= {"endLine": span.end_line, "endColumn": span.end_column}
    region = {key: value for key, value in names.items() if value is not None}
    if "startLine" in region:
        location["region"] = region
    return location
