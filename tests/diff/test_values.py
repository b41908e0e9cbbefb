from __future__ import annotations

import math

import pytest

from modelfile_kit.diff.values import difference, first_place, same_value, shown_value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"),
        (7, "7"),
        ("a\n", "'a\\n'"),
        ([1, 2], "[1, 2]"),
        ([], "[]"),
        (["x"] * 9, "['x', 'x', 'x', 'x', 'x', 'x', …] (9 elements)"),
    ],
)
def test_a_value_in_a_few_words(value, shown):
    assert shown_value(value) == shown
    assert len(shown_value("x" * 1000)) <= 60


def test_short_values_are_shown_whole():
    assert difference(1, 2) == ["1 -> 2"]
    assert difference("a", True) == ["'a' -> true"]
    assert difference([1, 2], [1]) == ["[1, 2] -> [1]"]


def test_of_long_texts_the_place_where_they_part():
    before = "one\n" * 30 + "two" + "x" * 100
    [first, minus, plus] = difference(before, before.replace("two", "tWo"))
    assert first == "223 -> 223 characters, first difference at line 31, character 122:"
    assert minus.startswith("  - …") and "two" in minus
    assert "tWo" in plus


def test_of_long_arrays_the_first_place_and_how_many():
    before = list(range(100))
    after = [*before[:40], -1, *before[41:], 100]
    assert difference(before, after) == ["100 -> 101 elements, 2 differ, the first is 40: 40 -> -1"]
    assert difference(before, before[:-1]) == ["100 -> 99 elements, 1 differ, the first is 99: 99 -> (end)"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1, True),
        (1, True, False),
        (1, 1.0, False),
        (math.nan, math.nan, True),
        ([math.nan], [math.nan], True),
        ([1, 2], [1, 3], False),
        ([1, 2], [1, 2, 3], False),
    ],
)
def test_same(one, other, same):
    assert same_value(one, other) is same


def test_places_that_only_one_array_has_count():
    place = first_place([1], [1, 2, 3])
    assert place is not None
    assert (place.index, place.before, place.after, place.count) == (1, None, 2, 2)
