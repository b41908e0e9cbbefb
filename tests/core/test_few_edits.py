from __future__ import annotations

import random

import pytest

from modelfile_kit.core.few_edits import few_edits


def common(a: str, b: str) -> int:
    """The length of the longest common subsequence, by the table of the textbooks."""
    row = [0] * (len(b) + 1)
    for x in a:
        above = row[:]
        for j, y in enumerate(b, 1):
            row[j] = above[j - 1] + 1 if x == y else max(row[j - 1], above[j])
    return row[-1]


@pytest.mark.parametrize("seed", range(300))
def test_the_rest_is_the_same_and_as_long_as_can_be(seed: int) -> None:
    source = random.Random(seed)
    a, b = ("".join(source.choices("ab\n漢", k=source.randrange(90))) for _ in "ab")
    if seed % 2:  # one text with some changes
        b = "".join(c for c in a if source.random() > 0.1)
    found = few_edits(a, b)
    assert found is not None
    rest, other, at, other_at = "", "", 0, 0
    for i1, i2, j1, j2 in found:
        assert (i1 > at and j1 > other_at) or at == 0
        assert i2 > i1 or j2 > j1
        rest, other = rest + a[at:i1], other + b[other_at:j1]
        at, other_at = i2, j2
    assert rest + a[at:] == other + b[other_at:]
    assert len(rest + a[at:]) == common(a, b)


def test_long_texts_that_differ_in_few_places() -> None:
    a = "".join(f"<|user|>\nQuestion {n}<|assistant|>\nAnswer {n}" for n in range(2_000))
    b = a.replace("7<|assistant|>\n", "7<|assistant|>")
    found = few_edits(a, b)
    assert found is not None
    assert [a[i1:i2] for i1, i2, _, _ in found] == ["\n"] * 200
    assert all(j1 == j2 for _, _, j1, j2 in found)


def test_texts_with_little_in_common_are_given_up() -> None:
    a, b = "a" * 5_000, "b" * 5_000
    assert few_edits(a, b) is None
    assert few_edits([1, 2, 3], [1, 3], most=0) is None
    assert few_edits("xa" * 3_000, "ax" * 3_000 + "b", steps=10) is None
