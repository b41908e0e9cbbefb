import json
import re
import xml.etree.ElementTree as Xml

import pytest

from modelfile_kit.core import codes
from modelfile_kit.core.diagnostics import Diagnostic, Severity, Span
from modelfile_kit.report import FORMATS, Case, Report, Status, html, render, terminal

ERROR = Diagnostic("MK101", Severity.ERROR, "100% wrong\nhere", Span("a b/Modelfile", 3, 7), "mend: it, now")
WARNING = Diagnostic("MK323", Severity.WARNING, "odd")
REPORT = Report(
    "check",
    "pkg",
    cases=(
        Case("good", Status.PASSED, "12 tokens", seconds=0.25),
        Case("bad", Status.FAILED, "one byte more", "-a\n+b\x00"),
        Case("later", Status.SKIPPED, "needs llama-cpp-python"),
    ),
    diagnostics=(ERROR, WARNING),
    facts={"template": "exact"},
)


@pytest.mark.parametrize("output_format", FORMATS)
def test_an_empty_report_is_well_formed(output_format):
    text = render(Report("test", "x"), output_format)
    if output_format in ("json", "sarif"):
        json.loads(text)
    if output_format == "junit":
        assert Xml.fromstring(text)[0].get("tests") == "1"


def test_github_gets_one_command_for_a_code_of_many_cases():
    """It shows ten errors of a step; what stands in a file is its own annotation all the same."""
    bare = [Diagnostic("MK720", Severity.ERROR, f"newline {n} is missing") for n in range(9)]
    placed = Diagnostic("MK720", Severity.ERROR, "here", Span("a", 1))
    cases = (
        *(Case(f"p{n}", Status.FAILED, "differs", diagnostics=(d, bare[0])) for n, d in enumerate(bare)),
        Case("place", Status.FAILED, diagnostics=(placed,)),
        *(Case(f"g{n}", Status.FAILED, "no golden file") for n in range(3)),
        Case("d", Status.FAILED, "no golden file", "details of it"),
    )
    lines = render(Report("check", "m", cases), "github").splitlines()
    assert [line.partition("::")[2].partition("%0A")[0].partition("::")[2] for line in lines] == [
        "here",
        "p0: newline 0 is missing",
        "g0, g1, g2: no golden file",
        "d: no golden file",
    ]
    assert "%0Athe same code: p1, p2, p3, p4, p5 and 3 more%0A" in lines[1]
    assert lines[3].endswith("%0Adetails of it")


def test_ok_is_no_failed_case_and_no_error():
    assert not REPORT.ok
    assert Report("c", "s", diagnostics=(WARNING,)).ok
    assert not Report("c", "s", diagnostics=(ERROR,)).ok
    assert not Report("c", "s", cases=(Case("x", Status.PASSED, diagnostics=(ERROR,)),)).ok


def test_text_names_place_code_and_help():
    text = render(REPORT)
    assert "a b/Modelfile:3:7: error MK101 unknown-instruction: 100% wrong" in text
    assert "help: mend: it, now" in text
    assert "✗ bad  one byte more\n      -a" in text
    assert text.endswith("check: failed (1 passed, 1 failed, 1 skipped, 1 error, 1 warning)\n")
    assert "\x1b" not in text
    assert "\x1b[" in render(REPORT, color=True)


def test_json_has_everything():
    data = json.loads(render(REPORT, "json"))
    assert data["ok"] is False
    assert [c["status"] for c in data["cases"]] == ["passed", "failed", "skipped"]
    assert data["diagnostics"][0]["span"] == {"file": "a b/Modelfile", "line": 3, "column": 7}
    assert data["facts"] == {"template": "exact"}


def test_github_escapes_as_its_reference_says():
    lines = render(REPORT, "github").splitlines()
    assert lines[0] == (
        "::error title=MK101 unknown-instruction,file=a b/Modelfile,line=3,col=7::100%25 wrong%0Ahere"
        f"%0Ahelp: mend: it, now%0Asee: {codes.help_uri('MK101')}"
    )
    assert lines[1] == (
        f"::warning title=MK323 token-not-in-vocabulary::odd%0Asee: {codes.help_uri('MK323')}"
    )
    assert lines[2].startswith("::error title=check pkg::bad: one byte more%0A-a")


def test_sarif_places_and_levels():
    run = json.loads(render(REPORT, "sarif"))["runs"][0]
    assert [r["level"] for r in run["results"]] == ["error", "warning", "error"]
    location = run["results"][0]["locations"][0]["physicalLocation"]
    assert location == {
        "artifactLocation": {"uri": "a%20b/Modelfile"},
        "region": {"startLine": 3, "startColumn": 7},
    }
    assert {r["ruleId"] for r in run["results"]} == {r["id"] for r in run["tool"]["driver"]["rules"]}


def test_junit_is_xml_whatever_the_prompt_holds():
    suite = Xml.fromstring(render(REPORT, "junit"))[0]
    counts = {k: suite.get(k) for k in ("tests", "failures", "skipped")}
    assert counts == {"tests": "4", "failures": "2", "skipped": "1"}
    failure = suite[1].find("failure")
    assert failure.get("message") == "one byte more"
    assert failure.text == "-a\n+b\\x00"
    assert suite[2].find("skipped").get("message") == "needs llama-cpp-python"


@pytest.mark.parametrize(
    ("subject", "name"), [(".", "test"), ("tiny", "test.tiny"), ("a/tiny", "test.a/tiny")]
)
def test_the_class_of_a_junit_case_has_a_name(subject: str, name: str) -> None:
    """Of the current folder it would be "test..", which a service shows as a package without a class."""
    report = Report("test", subject, cases=(Case("hello", Status.PASSED),))
    [case] = Xml.fromstring(render(report, "junit"))[0]
    assert case.get("classname") == name


def test_the_page_escapes_whatever_a_prompt_holds():
    hostile = "<script>alert(1)</script>"
    case = Case(hostile, Status.FAILED, data={"prompt": hostile, "tokens": [[1, "<|user|>"], [2, hostile]]})
    page = html.render(Report("check", hostile, cases=(case,), diagnostics=(ERROR,), facts={"name": hostile}))
    assert page.count("<script") == 1  # the page's own
    assert page.count("&lt;script&gt;") >= 5
    assert 'class="token special" title="1"' in page
    assert "help: mend: it, now" in page


def marked(page):
    return re.findall("<mark>(.*?)</mark>", page, re.DOTALL)


X, Y = "x" + "ab" * 2000 + "y", "y" + "cd" * 2000 + "x"


@pytest.mark.parametrize(
    ("prompt", "reference", "marks"),
    [
        ("<a>Hi <b>", "[x&y]<a>Hi<b>", [" ", "[x&amp;y]"]),
        ("same", "same", []),
        ("a" * 5000 + "b", "a" * 5000 + "c", ["b", "c"]),
        ("<a>\n" + "Hi<b>\n" * 300, "<a>" + "Hi<b>" * 300, ['<span class="mark">⏎</span>\n'] * 301),
        (
            "x" + "ab" * 2000 + "y",
            "y" + "cd" * 2000 + "x",
            ["x" + "ab" * 2000 + "y", "y" + "cd" * 2000 + "x"],
        ),
    ],
)
def test_the_page_marks_where_prompt_and_reference_differ(prompt, reference, marks):
    case = Case("c", Status.FAILED, data={"prompt": prompt, "reference": reference})
    assert marked(html.render(Report("check", "s", cases=(case,)))) == marks


def test_the_page_shows_newlines():
    case = Case("c", Status.PASSED, data={"prompt": "one\ntwo\n"})
    shown = '<pre class="text">one<span class="mark">⏎</span>\ntwo<span class="mark">⏎</span>\n</pre>'
    assert shown in html.render(Report("check", "s", cases=(case,)))


def test_a_finding_that_fails_the_command_fails_in_junit():
    strict = Report("lint", "Modelfile", diagnostics=(WARNING,), fail_on=Severity.WARNING)
    assert not strict.ok
    assert Xml.fromstring(render(strict, "junit"))[0].get("failures") == "1"
    lenient = Report("lint", "Modelfile", diagnostics=(WARNING,))
    assert lenient.ok
    assert Xml.fromstring(render(lenient, "junit"))[0].get("failures") == "0"


@pytest.mark.parametrize("status", [Status.PASSED, Status.SKIPPED])
def test_a_case_with_a_failing_finding_fails_in_junit(status):
    report = Report("check", "s", cases=(Case("c", status, diagnostics=(ERROR,)),))
    suite = Xml.fromstring(render(report, "junit"))[0]
    assert (report.ok, suite.get("failures"), suite.get("skipped")) == (False, "1", "0")
    assert suite[0].find("failure") is not None


def test_the_page_shows_replies_as_written_and_as_read():
    facts = {
        "replies": [
            {
                "kind": "call",
                "read by": "PARSER qwen3-coder",
                "writes": "<tool_call>\n<b>",
                "gets": "tool call: look {}",
                "read back": True,
            },
            {"kind": "two calls", "read by": "x", "writes": "W", "gets": "content: W", "read back": False},
        ]
    }
    text = html.render(Report("check", "m", facts=facts))
    assert "&lt;tool_call&gt;" in text
    assert "<b>" not in text
    for word in (
        "Replies",
        "tool call: look {}",
        "read by PARSER qwen3-coder",
        "not read back",
        "content: W",
    ):
        assert word in text


def test_a_brief_failure_tells_a_cause_once() -> None:
    def case(name: str, *found: Diagnostic) -> Case:
        return Case(name, Status.FAILED, "differs", f"details of {name}", found)

    mild = Diagnostic("MK321", Severity.INFO, "a remark")
    cases = (
        case("a", ERROR, mild),
        case("b", ERROR),
        Case("fine", Status.PASSED),
        case("c"),
        case("d"),
        Case("left out", Status.SKIPPED, "no tokens"),
    )
    report = Report("check", "m", cases, brief=True, headline="compared")
    text = terminal.render(report, details=False)
    assert [line for line in text.splitlines() if line.startswith("  ") and line[2] in "✓✗-"] == [
        "  ✗ a  differs",
        f"  ✗ b  differs (as above: {ERROR.code})",
        "  ✗ c  differs",
        "  ✗ d  differs",
        "  - left out  no tokens",
    ]
    # without a finding nothing says that the cause is the same
    assert [name for name in "abcd" if f"details of {name}" in text] == ["a", "c", "d"]
    assert "notes: MK321 stop-unseen (-v shows them)" in text
    assert "✓ fine" in terminal.render(report, details=True)


@pytest.mark.parametrize(("count", "words"), [(1, "1 finding"), (2, "2 findings")])
def test_junit_counts_findings_in_plain_english(count: int, words: str) -> None:
    found = tuple(Diagnostic("MK124", Severity.ERROR, f"number {n}") for n in range(count))
    suite = Xml.fromstring(render(Report("lint", "Modelfile", diagnostics=found), "junit"))[0]
    assert [failure.get("message") for failure in suite.iter("failure")] == [words]


def test_what_to_do_about_a_case_that_was_left_out() -> None:
    """On lines of its own, wrapped, and once for all that are left out for the same reason."""
    cases = tuple(Case(name, Status.SKIPPED, "not counted", help="install llama.cpp " * 6) for name in "ab")
    report = Report("verify", "m", (*cases, Case("c", Status.PASSED)), brief=True, headline="seen")
    head, names, *hints, last = terminal.render(report, details=False, width=60).splitlines()
    assert (head, names, last) == (
        "verify m: seen",
        "  - a, b  not counted",
        "verify: ok (1 passed, 2 skipped)",
    )
    assert hints[0].startswith("      help: install llama.cpp") and len(hints) == 3
    assert all(line.startswith(" " * 12) and len(line) <= 60 for line in hints[1:])
    assert json.loads(render(report, "json"))["cases"][0]["help"] == cases[0].help


def test_a_failure_says_first_what_failed() -> None:
    """What, how many and why, in the place of the line that tells a success."""
    wrong = Diagnostic("MK249", Severity.ERROR, "no place")
    cases = (
        *(Case(f"p{n}", Status.FAILED, "differs", diagnostics=(wrong,)) for n in range(5)),
        Case("x", Status.PASSED),
    )
    report = Report("check", "m", cases, brief=True, headline="bytes compared")
    lines = terminal.render(report, details=False).splitlines()
    assert lines[:2] == [
        "check m: 5 of 6 failed (MK249 image-lost): p0, p1, p2 and 2 more",
        "  bytes compared",
    ]
    assert lines[-1].startswith("check: failed (1 passed, 5 failed, 5 errors")
    bare = Report("test", "m", (Case("a", Status.FAILED, "differs"),), brief=True)
    assert terminal.render(bare, details=False).splitlines()[0] == "test m: 1 of 1 failed: a"
    alone = Report("publish", "m", diagnostics=(wrong,), brief=True)
    assert terminal.render(alone, details=False).splitlines()[0] == "publish m: failed: MK249 image-lost"
