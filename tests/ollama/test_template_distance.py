"""Bounds of a distance, against the distance itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.ollama.template_distance import least, most, pieces_of, read_shape, row_of, shape_of

TEXTS = st.text("ab_1 {%}\n", max_size=14)


def distance(one: str, other: str) -> int:
    """Levenshtein's, by the book."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row = row, [i]
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]


@given(TEXTS, TEXTS, st.integers(1, 20))
def test_the_distance_lies_between(one: str, other: str, limit: int) -> None:
    words: dict[str, int] = {}
    shape = shape_of(other, words)
    known = read_shape(shape, [row_of(word) for word in words])
    assert known == pieces_of(other)
    assert least(one, known, limit) <= min(distance(one, other), limit)
    assert most(pieces_of(one), known) >= distance(one, other)


def test_equal_texts() -> None:
    text = "{% for m in messages %}{{ m.content }}{% endfor %}"
    assert least(text, pieces_of(text), 9) == most(pieces_of(text), pieces_of(text)) == 0


def test_a_word_that_is_exchanged() -> None:
    one, other = pieces_of("a model here"), pieces_of("a user here")
    assert most(one, other) == len("model")
    assert least("a model here", other, 9) == 4  # only the e is one of user's
