from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.core.diagnostics import Diagnostic, Severity, Span
from modelfile_kit.lsp import problems
from modelfile_kit.lsp.answers import OpenFile
from modelfile_kit.lsp.document_text import DocumentText
from modelfile_kit.lsp.problems import place_of, problems_of

TEXT = "FROM 你😀\n  SYSTEM x  \nlast"


@pytest.mark.parametrize(
    ("span", "place"),
    [
        (None, "FROM 你😀"),
        (Span("f"), "FROM 你😀"),
        (Span("f", 2), "SYSTEM x  "),
        (Span("f", 1, 7), "😀"),
        (Span("f", 1, 6, None, 7), "你"),
        (Span("f", 1, 6, 3, 3), "你😀\n  SYSTEM x  \nla"),
        (Span("f", 9, 9), ""),
        (Span("f", 1, 99, 1, 3), ""),
    ],
)
def test_places(span: Span | None, place: str) -> None:
    assert TEXT[slice(*place_of(span, DocumentText(TEXT)))] == place


def test_a_problem_has_the_help_and_the_page() -> None:
    file = OpenFile(TEXT, Path("/a/Modelfile"))
    found = Diagnostic("MK110", Severity.ERROR, "wrong", Span("/a/Modelfile", 3), "right")
    [problem] = problems_of([found], file)
    assert problem.message == "wrong\nright" and "mk110" in problem.uri
    assert TEXT[slice(*problem.place)] == "last"


def test_what_is_found_in_another_file_is_told_in_the_first_line() -> None:
    file = OpenFile(TEXT, Path("/a/Modelfile"))
    [problem] = problems_of([Diagnostic("MK404", Severity.ERROR, "short", Span("/a/m.gguf", 3))], file)
    assert TEXT[slice(*problem.place)] == "FROM 你😀" and problem.message.startswith("/a/m.gguf:3: short")


def test_no_more_than_an_editor_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problems, "MAX_PROBLEMS", 2)
    found = [Diagnostic("MK110", Severity.ERROR, "x")] * 5
    assert len(problems_of(found, OpenFile("a"))) == 2
