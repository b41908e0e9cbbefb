"""Findings name the place, what was found, and what to do."""

from __future__ import annotations

from typing import get_args

import pytest

from modelfile_kit.core.conversation import Conversation
from modelfile_kit.core.diagnostics import Severity
from modelfile_kit.prover import findings
from modelfile_kit.prover.comparison import Difference
from modelfile_kit.prover.conversations.plain import message
from modelfile_kit.prover.coverage import Site
from modelfile_kit.prover.findings import (
    AlwaysFails,
    AlwaysRefused,
    Counterexample,
    CutShort,
    Finding,
    InvalidTemplate,
    NeighboursMerged,
    NoMarker,
    Side,
    Uncovered,
    VersionsDiffer,
    show_difference,
)

TOLD = Conversation("c", (message("user", "x"),))


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("text", "MK650", "first difference at line 1, column 2"),
        ("failure", "MK651", "Ollama answers: ac"),
        ("refusal", "MK653", "refuses it (ab)"),
        ("image", "MK654", "first difference"),
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
    found = findings.diagnostic(Uncovered("chat", Site(3, kind, 7, "m.x"), outcome, 2))
    assert found.span is not None
    assert found.span.line == 7
    assert words in found.message
    assert "`m.x`" in found.message
    assert "2 such branches" in found.message


def test_every_finding_says_what_to_do() -> None:
    kinds: list[Finding] = [
        Counterexample("chat", TOLD, Difference("text", "a", "b")),
        Uncovered("chat", Site(3, "loop", 7, "m.x"), 0, 1),
        CutShort("chat", "the limit of 6 steps was reached"),
        VersionsDiffer("tools", TOLD),
        NoMarker(),
        AlwaysRefused("no", 3),
        AlwaysFails("no"),
        InvalidTemplate("no", None),
        NeighboursMerged(),
    ]
    assert {type(f) for f in kinds} == set(get_args(Finding))
    found = list(map(findings.diagnostic, kinds))
    assert all(f.help for f in found)
    assert len({f.code for f in found}) == len(found)


def test_a_limit_is_named() -> None:
    assert "6 steps" in findings.diagnostic(CutShort("chat", "the limit of 6 steps was reached")).message
    uncovered = Uncovered("chat", Site(3, "loop", 7, "m.x"), 0, 1, "not settled in 9 steps")
    told = findings.diagnostic(uncovered).message
    assert told.endswith("; not settled in 9 steps")
    assert "never" not in told


@pytest.mark.parametrize(
    ("kind", "words"), [("text", "\n  server:    a▸c"), ("failure", "the server answers: ac")]
)
def test_the_other_side_has_a_name(kind: str, words: str) -> None:
    example = Counterexample("chat", TOLD, Difference(kind, "ab", "ac"))
    assert words in findings.counterexample(example, Side("server", "the server"))


def test_differences_are_shown_with_their_place() -> None:
    shown = show_difference("a\nbc\u00a0d\tx", "a\nbce")
    assert "line 2, column 3" in shown
    assert "reference: a\\nbc▸\\xa0d\\tx" in shown
    assert "Ollama:    a\\nbc▸e" in shown
