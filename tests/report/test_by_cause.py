from modelfile_kit.core.diagnostics import Diagnostic, Severity
from modelfile_kit.report import Case, Report, Status
from modelfile_kit.report.by_cause import alike, causes


def finding(code, message, severity=Severity.ERROR):
    return Diagnostic(code, severity, message)


NEWLINE = finding("MK720", "a newline is missing after '<|user|>'")
OTHER = finding("MK720", "a newline is missing after '<|system|>'")
TRIMMED = finding("MK721", "spaces are trimmed", Severity.WARNING)
REPORT = Report(
    "check",
    "s",
    (
        Case("one", Status.PASSED, diagnostics=(TRIMMED,)),
        Case("two", Status.FAILED, diagnostics=(NEWLINE, NEWLINE, OTHER)),
        Case("three", Status.FAILED, diagnostics=(NEWLINE,)),
    ),
    (finding("MK766", "of the whole", Severity.INFO),),
)


def test_each_cause_is_told_once_with_the_cases_that_have_it():
    found = causes(REPORT)
    assert [(c.code, [case.name for case in c.cases]) for c in found] == [
        ("MK720", ["two", "three"]),
        ("MK721", ["one"]),
        ("MK766", []),
    ]
    wordings = [(w.diagnostic, [c.name for c in w.cases]) for w in found[0].wordings.values()]
    assert wordings == [(NEWLINE, ["two", "three"]), (OTHER, ["two"])]
    assert found[0].first is NEWLINE


def test_findings_that_want_the_same_are_together():
    other = Diagnostic("MK720", Severity.ERROR, "at the end", help="another way out")
    assert alike([NEWLINE, TRIMMED, OTHER, other]) == [[NEWLINE, OTHER], [TRIMMED], [other]]


def test_one_code_of_two_severities_is_two_causes():
    mild = finding("MK720", "elsewhere", Severity.INFO)
    report = Report("check", "s", (Case("c", Status.FAILED, diagnostics=(mild, NEWLINE)),))
    assert [c.severity for c in causes(report)] == [Severity.ERROR, Severity.INFO]


def test_what_the_page_of_the_code_says():
    [cause] = causes(Report("check", "s", diagnostics=(NEWLINE,)))
    assert cause.name == "newline-or-space"
    assert list(cause.about) == ["What it means", "Why it matters", "What to do"]
    [unknown] = causes(Report("check", "s", diagnostics=(finding("MK000", "x"),)))
    assert (unknown.name, unknown.about) == ("", {})
