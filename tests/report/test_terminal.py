"""How findings look at a terminal: place, source line with a caret, and a path that is said once."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from modelfile_kit.core import codes
from modelfile_kit.core.diagnostics import Diagnostic, Severity, Span, with_excerpts
from modelfile_kit.report import Case, Report, Status, render
from modelfile_kit.report.terminal import EXCERPT_WIDTH, diagnostic_lines, findings_lines


def finding(span: Span | None, excerpt: str = "", code: str = "MK124") -> Diagnostic:
    return Diagnostic(code, Severity.WARNING, "twice", span, "keep one", excerpt)


def test_a_finding_has_place_code_name_source_caret_and_help() -> None:
    span = Span("Modelfile", 3, 11, None, 22)
    assert diagnostic_lines(finding(span, "PARAMETER temperature 0.8")) == [
        "Modelfile:3:11: warning MK124 duplicate-parameter: twice",
        "  3 | PARAMETER temperature 0.8",
        "    |           ^^^^^^^^^^^",
        "  help: keep one",
    ]


@pytest.mark.parametrize(
    ("span", "excerpt", "marks"),
    [
        (Span("f", 1, 1), "abc", "^"),
        (Span("f", 1, 4), "abc", "   ^"),  # behind the last character
        (Span("f", 1, 2, 3, 5), "abc", " ^^"),  # goes on in another line
        (Span("f", 1, 2, 1, 99), "abc", " ^^"),
        (Span("f", 1, 2, None, 3), "你好", "  ^^"),  # two columns a character
        (Span("f", 1, 2, None, 3), "e\u0301x", " ^"),  # none for an accent of its own
        (Span("f", 1, 3, None, 4), "\t\tx", "  ^"),
    ],
)
def test_the_caret_stands_below_its_characters(span: Span, excerpt: str, marks: str) -> None:
    _, source, caret, _ = diagnostic_lines(finding(span, excerpt))
    assert source == f"  1 | {excerpt}".replace("\t", " ")
    assert caret == f"    | {marks}"


def test_a_line_without_a_column_has_no_caret() -> None:
    assert diagnostic_lines(finding(Span("f", 2), "abc"))[1:] == ["  2 | abc", "  help: keep one"]


@pytest.mark.parametrize("span", [None, Span("f"), Span("f", 1, 9)])
def test_no_source_line_where_there_is_none(span: Span | None) -> None:
    assert diagnostic_lines(finding(span, "" if span and span.line else "abc"))[1:] == ["  help: keep one"]


def test_of_a_long_line_the_part_around_the_place_is_shown() -> None:
    text = "a" * 5000 + "X" + "b" * 5000
    _, source, caret, _ = diagnostic_lines(finding(Span("f", 1, 5001, None, 5002), text))
    assert len(source) <= EXCERPT_WIDTH + 6
    assert source[caret.index("^")] == "X"


def test_the_source_line_is_read_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jinja"
    path.write_bytes(b"one\r\ntwo\r\n")
    assert diagnostic_lines(finding(Span(str(path), 2, 1)))[1:3] == ["  2 | two", "    | ^"]
    (tmp_path / "m.gguf").write_bytes(b"GGUF\xff\xfe\n" * 9)
    assert len(diagnostic_lines(finding(Span(str(tmp_path / "m.gguf"), 2, 1)))) == 2
    assert len(diagnostic_lines(finding(Span(str(tmp_path), 2, 1)))) == 2


def test_a_path_that_all_findings_have_is_said_once() -> None:
    first, second = finding(Span("a/f", 1, 2)), finding(Span("a/f"))
    assert findings_lines([first, second]) == [
        "a/f",
        "  1:2: warning MK124 duplicate-parameter: twice",
        "    help: keep one",
        "  warning MK124 duplicate-parameter: twice",
        "    help: keep one",
    ]
    assert findings_lines([first, second], said="a/f") == findings_lines([first, second])[1:]
    assert findings_lines([first]) == diagnostic_lines(first)
    other = finding(Span("b", 1))
    assert findings_lines([first, other]) == [*diagnostic_lines(first), *diagnostic_lines(other)]
    assert findings_lines([]) == []
    text = render(Report("lint", "a/f", diagnostics=(first, second)))
    assert text.count("a/f") == 1


def test_excerpts_are_filled_in_where_the_line_exists() -> None:
    spans = [Span("f", 2), Span("f", 9), Span("f"), None]
    found = with_excerpts([finding(s) for s in spans], ["one", "two"])
    assert [d.excerpt for d in found] == ["two", "", "", ""]
    assert found == [finding(s) for s in spans]  # the excerpt does not count
    assert with_excerpts([finding(Span("f", 1), "kept")], ["one"])[0].excerpt == "kept"


def test_programs_get_the_name_and_the_address_of_the_page() -> None:
    told = finding(Span("f", 1)).to_dict()
    assert (told["code"], told["name"]) == ("MK124", "duplicate-parameter")
    assert told["help_uri"] == codes.help_uri("MK124")
    assert codes.help_uri("MK124") in render(Report("lint", "f", diagnostics=(finding(None),)), "junit")


def test_no_text_of_a_file_commands_the_terminal() -> None:
    attack = "\x1b[31mred\x07\x9b2J\x7f\r"
    span = Span(f"{attack}.gguf", 1, 2, None, 5)
    found = Diagnostic("MK101", Severity.ERROR, attack, span, attack, f"F{attack}")
    case = Case(attack, Status.FAILED, attack, attack, (found,))
    shown = render(Report("lint", attack, (case,), (found,), {"name": attack}))
    assert not {c for c in shown if unicodedata.category(c) == "Cc"} - {"\n"}
    assert r"\x1b[31mred\x07\x9b2J" in shown
    *_, source, caret, _ = diagnostic_lines(found)
    assert source == r"  1 | F\x1b[31mred\x07\x9b2J\x7f\r"
    assert caret == "    |  ^^^^^^"  # below the escape, the bracket and the 3, as the span says


def test_facts_have_a_panel_where_one_can_be_drawn() -> None:
    report = Report(
        "check", "m", facts={"model": "m.gguf", "digest": "abc"}, for_programs=frozenset({"digest"})
    )
    assert render(report).splitlines() == ["check m", "  model: m.gguf", "check: ok"]
    assert render(report, width=30, frames=True).splitlines() == [
        "╭─ check m ──────────────────╮",
        "│ model                      │",
        "│   m.gguf                   │",
        "╰────────────────────────────╯",
        "check: ok",
    ]
    assert '"abc"' in render(report, "json")


def test_a_brief_report_names_what_was_left_out_for_the_same_reason_once() -> None:
    cases = [Case(name, Status.SKIPPED, "takes no images") for name in ("red", "blue")]
    cases.insert(1, Case("stop", Status.SKIPPED, "has none"))
    report = Report("verify", "m", tuple(cases), brief=True)
    assert render(report, details=False).splitlines() == [
        "  - red, blue  takes no images",
        "  - stop  has none",
        "verify: ok (3 skipped)",
    ]


def test_a_brief_report_counts_findings_that_differ_in_their_words_alone() -> None:
    newlines = tuple(
        Diagnostic("MK720", Severity.ERROR, f"missing after {n}", help="write it") for n in range(9)
    )
    places = tuple(
        Diagnostic("MK124", Severity.ERROR, "twice", Span("f", n), "keep one") for n in range(1, 7)
    )
    case = Case("c", Status.FAILED, "differs", diagnostics=(*newlines, *places))
    report = Report("check", "m", (case,), brief=True)
    head, *lines = render(report, "text", details=False).splitlines()
    assert head == "check m: 1 of 1 failed (MK720 newline-or-space, MK124 duplicate-parameter): c"
    assert lines[:6] == [
        "  ✗ c  differs",
        "      error MK720 newline-or-space: missing after 0",
        "      error MK720 newline-or-space: missing after 1",
        "      error MK720 newline-or-space: missing after 2",
        "        … and 6 more like these (-v shows them)",
        "        help: write it",
    ]
    assert sum("MK124" in line for line in lines) == 6  # each of a file has to be mended
    assert "… and" not in render(report, "text")
