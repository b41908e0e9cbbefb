"""A report for GitLab's Code Quality, which shows findings in merge requests.

Source: "Code Quality report format" in GitLab's documentation: a list of findings, each with a fingerprint
that no other has, a severity of GitLab's own, and a path from the root of the repository.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from pathlib import Path
from typing import Any

from ..core import codes
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.foreign_text import json_text, shown
from .model import Report, Status

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(report: Report) -> str:
    """A list of findings; a failed case without one of its own is one of the report's rule."""
    found = list(report.all_diagnostics())
    for case in report.cases:
        if case.status is Status.FAILED and not case.diagnostics:
            text = f"{case.name}: {case.summary or 'failed'}"
            found.append(Diagnostic(report.rule, Severity.ERROR, text))
    before: Counter[tuple[str, str, str]] = Counter()
    return json_text([_finding(d, report, before) for d in found], indent=2) + "\n"


def _finding(diagnostic: Diagnostic, report: Report, before: Counter[tuple[str, str, str]]) -> dict[str, Any]:
    span = diagnostic.span or Span()
    path = _from_here(span.file or report.subject)
    # Without the line, so that a finding stays the same one where lines above it come and go; those that
    # are alike in a file are told apart by their number.
    alike = (path, diagnostic.code, diagnostic.message)
    before[alike] += 1
    mark = "\0".join((*alike, str(before[alike]))).encode("utf-8", "surrogatepass")
    text = diagnostic.message + (f"\nhelp: {diagnostic.help}" if diagnostic.help else "")
    lines = {"begin": span.line or 1}
    if span.end_line:
        lines["end"] = span.end_line
    return {
        "description": shown(f"{diagnostic.code} {codes.name_of(diagnostic.code)}: {text}", lines=True),
        "check_name": diagnostic.code,
        "fingerprint": hashlib.sha256(mark).hexdigest(),
        "severity": _SEVERITIES[diagnostic.severity],
        "location": {"path": shown(path), "lines": lines},
    }


def _from_here(file: str) -> str:
    """A path from the current folder, where GitLab's runner has the repository."""
    path = Path(file)
    try:
        relative = os.path.relpath(path) if path.is_absolute() else file
    except ValueError:  # another drive
        relative = file
    return Path(file if relative.startswith("..") else relative).as_posix()
