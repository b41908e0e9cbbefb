"""A report as JUnit XML, which every CI service reads."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml  # only writes, so no hostile XML is read

from ..core import codes
from ..core.diagnostics import Diagnostic
from ..core.foreign_text import shown
from .model import Case, Report, Status
from .table import cells


def render(report: Report) -> str:
    """One test suite; findings without a case become one for each file, or one more, `findings`."""
    cases = [*report.cases, *_by_file(report)]
    suite = Xml.Element("testsuite", name=shown(f"mkmodelfile {report.command} {report.subject}"))
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(map(report.failed, cases))))
    suite.set("errors", "0")
    suite.set("skipped", str(sum(c.status is Status.SKIPPED and not report.failed(c) for c in cases)))
    suite.set("time", f"{sum(c.seconds or 0 for c in cases):.3f}")
    if report.table:
        properties = Xml.SubElement(suite, "properties")
        for row in report.table:
            name, *rest = (f"{head} {text}" for head, text in cells(row).items() if text != "-")
            Xml.SubElement(properties, "property", name=name, value=", ".join(rest))
    for case in cases:
        suite.append(_case(report, case))
    root = Xml.Element("testsuites")
    root.append(suite)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _by_file(report: Report) -> list[Case]:
    """A case for each of several files; one for what names none of them."""
    rest = list(report.diagnostics)
    cases = []
    if len(report.files) > 1:
        found: dict[str, list[Diagnostic]] = {file: [] for file in report.files}
        rest = []
        for diagnostic in report.diagnostics:
            file = diagnostic.span.file if diagnostic.span else None
            found.get(file or "", rest).append(diagnostic)
        cases = [_of_findings(report, file, listed) for file, listed in found.items()]
    if rest or not (cases or report.cases):
        cases.append(_of_findings(report, "findings", rest))
    return cases


def _of_findings(report: Report, name: str, found: Sequence[Diagnostic]) -> Case:
    status = Status.FAILED if report.fails(found) else Status.PASSED
    summary = "1 finding" if len(found) == 1 else f"{len(found)} findings"
    return Case(name, status, summary, "\n".join(map(_finding, found)))


def _case(report: Report, case: Case) -> Xml.Element:
    element = Xml.Element(
        "testcase", classname=shown(f"{report.command}.{report.subject}".rstrip(".")), name=shown(case.name)
    )
    element.set("time", f"{case.seconds or 0:.3f}")
    text = "\n".join([case.details, *map(_finding, case.diagnostics)]).strip("\n")
    if report.failed(case):
        child = Xml.SubElement(element, "failure", message=shown(case.summary or "failed"))
        child.text = shown(text, lines=True)
    elif case.status is Status.SKIPPED:
        Xml.SubElement(element, "skipped", message=shown(case.summary))
    elif text:
        Xml.SubElement(element, "system-out").text = shown(text, lines=True)
    return element


def _finding(diagnostic: Diagnostic) -> str:
    address = codes.help_uri(diagnostic.code)
    return str(diagnostic) + (f"\n  see: {address}" if address else "")
