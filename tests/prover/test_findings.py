"""Findings name the place, what was found, and what to do."""

from __future__ import annotations

import pytest

from modelfile_kit.core.conversation import Conversation
from modelfile_kit.core.diagnostics import Diagnostic, Severity
from modelfile_kit.prover import findings
from modelfile_kit.prover.comparison import Difference
from modelfile_kit.prover.conversations.plain import message
from modelfile_kit.prover.coverage import Site
from modelfile_kit.prover.findings import Counterexample

TOLD = Conversation("c", (message("user", "x"),))


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("text", "MK650", "first difference at line 1, column 2"),
        ("failure", "MK651", "Ollama answers: ac"),
        ("refusal", "MK653", "refuses it (ab)"),
        ("picture", "MK654", "first difference"),
    ],
)
def test_counterexamples(kind: str, code: str, words: str) -> None:
    found = findings.diagnostic(Counterexample("chat", TOLD, Difference(kind, "ab", "ac")))
    assert found.code == code
    assert found.severity is Severity.WARNING
    assert words in found.message
    assert "'content': 'x'" in found.message
    assert "tools" not in found.message


@pytest.mark.parametrize(
    ("kind", "outcome", "words"),
    [
        ("condition", True, "never true"),
        ("condition", False, "never false"),
        ("loop", 0, "never empty"),
        ("loop", 1, "never run"),
    ],
)
def test_uncovered_branches(kind: str, outcome: int, words: str) -> None:
    found = findings.uncovered("chat", Site(3, kind, 7, "m.x"), outcome, 2)
    assert found.span is not None
    assert found.span.line == 7
    assert words in found.message
    assert "`m.x`" in found.message
    assert "2 such branches" in found.message


def test_every_finding_says_what_to_do() -> None:
    found: list[Diagnostic] = [
        findings.MERGED,
        findings.no_marker(),
        findings.cut_short("chat", "the limit of 6 steps was reached"),
        findings.versions("tools", TOLD),
    ]
    assert all(f.help for f in found)
    assert len({f.code for f in found}) == len(found)
