"""Reports for GitLab's Code Quality, held to what its documentation asks of them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from modelfile_kit.core.diagnostics import Diagnostic, Severity, Span
from modelfile_kit.report import Case, Report, Status, render

LINES = {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer"}}}
# "Code Quality report format" of GitLab's documentation, written as a schema.
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string"},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./)"},
                    "lines": LINES,
                },
            },
        },
    },
}


def finding(line: int | None, file: str = "a/Modelfile", severity: Severity = Severity.ERROR) -> Diagnostic:
    return Diagnostic("MK110", severity, "no such parameter", Span(file, line), "remove it")


def findings_of(*found: Diagnostic, cases: tuple[Case, ...] = ()) -> list:
    document = json.loads(render(Report("lint", "a", cases, found), "gitlab"))
    jsonschema.validate(document, SCHEMA)
    return document


def test_what_a_finding_has() -> None:
    [one] = findings_of(finding(3))
    assert one["location"] == {"path": "a/Modelfile", "lines": {"begin": 3}}
    assert (one["check_name"], one["severity"]) == ("MK110", "major")
    assert one["description"] == "MK110 unknown-parameter: no such parameter\nhelp: remove it"


def test_a_fingerprint_is_alone_and_stays() -> None:
    before = [f["fingerprint"] for f in findings_of(finding(3), finding(5), finding(3, "b/Modelfile"))]
    after = [f["fingerprint"] for f in findings_of(finding(13), finding(15), finding(4, "b/Modelfile"))]
    assert len(set(before)) == 3
    assert before == after


@pytest.mark.parametrize(
    ("severity", "expected"),
    [(Severity.WARNING, "minor"), (Severity.INFO, "info"), (Severity.ERROR, "major")],
)
def test_severities(severity: Severity, expected: str) -> None:
    assert findings_of(finding(1, severity=severity))[0]["severity"] == expected


def test_paths_start_from_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inside, outside = findings_of(finding(1, str(tmp_path / "m" / "Modelfile")), finding(1, "/elsewhere/x"))
    assert inside["location"]["path"] == "m/Modelfile"
    assert outside["location"]["path"] == "/elsewhere/x"
    assert findings_of(finding(1, "./m/Modelfile"))[0]["location"]["path"] == "m/Modelfile"


def test_a_failed_case_and_a_finding_without_a_place() -> None:
    failed, plain = findings_of(
        Diagnostic("MK901", Severity.ERROR, "x"), cases=(Case("greeting", Status.FAILED, "differs"),)
    )[::-1]
    assert (failed["check_name"], failed["location"]) == ("MK700", {"path": "a", "lines": {"begin": 1}})
    assert plain["location"]["lines"] == {"begin": 1}
    assert findings_of() == []
