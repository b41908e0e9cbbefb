"""Boundary texts."""

from __future__ import annotations

import sys

from modelfile_kit.prover.conversations import texts
from modelfile_kit.prover.conversations.features import Features


def features(*markers: str, keys: frozenset[str] = frozenset()) -> Features:
    return Features(("user",), markers, (), frozenset(), keys)


def test_every_blank_that_python_strips_is_there() -> None:
    stripped = {chr(c) for c in range(sys.maxunicode + 1) if not chr(c).strip()}
    assert set(texts.BLANKS) == stripped
    assert not set(texts.UNBLANKS) & stripped


def test_both_languages_are_there() -> None:
    everything = "".join(texts.general(features()))
    assert "{{" in everything
    assert "{%" in everything
    assert "" in texts.general(features())


def test_letters_whose_case_changes_their_size_come_only_where_case_matters() -> None:
    assert not set(texts.CASES) & set(texts.general(features()))
    assert set(texts.CASES) <= set(texts.general(features(keys=frozenset({"upper"}))))


def test_around_a_marker() -> None:
    found = texts.around_markers(features("</think>"))
    for wanted in ("</think>", "<think>r</think>c", "</think>c<think>r"):
        assert wanted in found
    assert any("</think" in t and "</think>" not in t for t in found)
    assert any(t.count("</think>") > 1 for t in found)


def test_a_marker_that_can_begin_inside_itself_does() -> None:
    found = texts.around_markers(features("\n\n", "aba"))
    for wanted in ("h\n\n\n", "h\n", "hababa", "hab"):
        assert wanted in found
    assert not any(text.startswith("h<") for text in texts.around_markers(features("<a>")))


def test_pairs() -> None:
    assert texts.pairs(("</a>", "<b>")) == [("<a>", "</a>")]
    assert texts.pairs(("[x]", "\n", "[y]")) == [("[x]", "[y]")]
    assert texts.pairs(()) == []


def test_markers_together_come_in_more_than_one_order() -> None:
    found = texts.around_markers(features("<a>", "<b>", "</b>", "word"))
    for first, second in (("<a>", "<b>"), ("<b>", "<a>"), ("<b>", "</b>"), ("</b>", "<a>")):
        places = [(t.find(first), t.find(second)) for t in found if first in t and second in t]
        assert any(one < other for one, other in places), (first, second)
    # one that closes may be what is missing
    assert any("<a>" in t and "<b>" in t and "</b>" not in t for t in found)


def test_rare_markers_stand_alone_and_inside() -> None:
    seen = Features(("user",), ("<a>",), (), frozenset(), frozenset(), rare=("<rare>",))
    found = texts.around_markers(seen)
    assert "<rare>" in found
    assert "a<rare>b" in found
