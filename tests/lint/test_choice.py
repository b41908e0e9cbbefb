"""Selecting and ignoring codes."""

from __future__ import annotations

import pytest

from modelfile_kit.core import codes
from modelfile_kit.core.errors import UsageError
from modelfile_kit.lint.choice import EVERYTHING, Choice


@pytest.mark.parametrize(
    ("select", "ignore", "wanted", "unwanted"),
    [
        ([], [], [], ["MK110"]),
        (["MK"], [], ["MK110", "MK999"], []),
        (["MK1"], [], ["MK110"], ["MK210"]),
        (["mk11,MK2"], [], ["MK110", "MK210"], ["MK120"]),
        (["MK1"], ["MK110"], ["MK112"], ["MK110"]),
        (["MK110"], ["MK1"], ["MK110"], ["MK112"]),
        (["MK110"], ["MK110"], [], ["MK110"]),
        (["MK"], ["unknown-parameter"], ["MK112"], ["MK110"]),
    ],
)
def test_the_longer_word_decides(select, ignore, wanted, unwanted):
    choice = Choice(select, ignore)
    assert [code for code in wanted if not choice.wants(code)] == []
    assert [code for code in unwanted if choice.wants(code)] == []


def test_a_group_stands_for_its_members():
    group = next(code for code in codes.all_codes() if code.members)
    for word in (group.code, group.name):
        assert not any(Choice(ignore=[word]).wants(member, group.code) for member in group.members)
        assert all(Choice(select=[word]).wants(member, group.code) for member in group.members)


def test_a_code_of_the_past_means_those_of_today():
    old, now = next(iter(codes.renamed().items()))
    assert [code for code in now if Choice(ignore=[old]).wants(code)] == []


def test_what_is_ignored_in_some_files():
    choice = Choice(["MK110"], per_file={"old/": ["MK1"], "*.local": ["unknown-parameter"]})
    assert choice.for_file(("Modelfile",)).wants("MK110")
    assert not choice.for_file(("old", "a", "Modelfile")).wants("MK110")
    assert not choice.for_file(("x", "Modelfile.local")).wants("MK110")
    assert EVERYTHING.for_file(("x",)) is EVERYTHING


@pytest.mark.parametrize(
    ("word", "hint"),
    [("MK109", "did you mean"), ("unknown-paramter", "did you mean unknown-parameter?"), ("x y", "")],
)
def test_a_word_that_no_code_has(word, hint):
    with pytest.raises(UsageError) as error:
        Choice([word])
    assert word in error.value.message
    assert hint in error.value.help
