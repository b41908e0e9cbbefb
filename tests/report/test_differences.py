import pytest

from modelfile_kit.report import differences
from modelfile_kit.report.differences import Part, parts, places, row
from modelfile_kit.report.model import Chip, TokenPair


def chips(*ids):
    return tuple(Chip(i, str(i)) for i in ids)


def pair(ours, theirs):
    return TokenPair("Tokens", "prompt", "reference", chips(*ours), chips(*theirs))


def test_a_short_text_is_whole_and_its_differences_are_parts():
    assert parts("Hi there", None) == [Part("Hi there")]
    assert parts("Hi\nyou", "Hi you") == [Part("Hi"), Part("\n", same=False), Part("you")]


def test_a_long_text_keeps_its_ends_and_the_first_difference():
    text = "a" * 50_000 + "X" + "b" * 50_000
    found = parts(text, "a" * 50_000 + "Y" + "b" * 50_000)
    assert sum(len(p.text) + p.left_out for p in found) == len(text)
    assert [p.text for p in found if not p.same] == ["X"]
    assert found[0].text.startswith("a" * 6000)
    assert found[-1].text.endswith("b" * 6000)
    assert sum(len(p.text) for p in found) <= differences.MAX_TEXT
    assert [bool(p.left_out) for p in found].count(True) == 2


@pytest.mark.parametrize("first", [0, 3, 700, 5_000, 9_999])
def test_a_long_row_says_how_many_tokens_it_leaves_out(first):
    found = list(row(chips(*range(10_000)), first))
    assert sum(one if isinstance(one, int) else 1 for one in found) == 10_000
    ids = [one.id for one in found if isinstance(one, Chip)]
    assert ids == sorted(set(ids))
    assert {0, first, 9_999} <= set(ids)
    assert len(ids) <= differences.MAX_TOKENS


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ((1, 2, 3), (1, 2, 3), []),
        ((1, 2, 3), (1, 9, 2, 3), [(1, 1, (), (9,))]),
        ((1, 2, 3, 4, 5), (1, 7, 3, 4), [(1, 1, (2,), (7,)), (4, 4, (5,), ())]),
        ((), (4,), [(0, 0, (), (4,))]),
    ],
)
def test_places_at_which_tokens_differ(ours, theirs, expected):
    found = [
        (p.at, p.other_at, tuple(c.id for c in p.left), tuple(c.id for c in p.right))
        for p in places(pair(ours, theirs))
    ]
    assert found == expected


def test_a_place_shows_the_tokens_around_it():
    [place] = places(pair((1, 2, 3, 4, 5, 6), (1, 2, 3, 9, 4, 5, 6)))
    assert [c.id for c in place.before] == [2, 3]
    assert [c.id for c in place.after] == [4, 5]


def test_rows_that_have_nothing_in_common_are_one_place():
    [place] = places(pair(range(2_000), range(5_000, 7_000)))
    assert (len(place.left), len(place.right)) == (2_000, 2_000)
