"""How far two texts are the same."""

from __future__ import annotations

import pytest

from modelfile_kit.core.common_start import common_length


@pytest.mark.parametrize(
    ("a", "b", "length"),
    [
        ("", "", 0),
        ("", "a", 0),
        ("a", "b", 0),
        ("abc", "abd", 2),
        ("abc", "abcd", 3),
        ("abc", "abc", 3),
        ("xbc", "abc", 0),
        ("日本語", "日本人", 2),
    ],
)
def test_texts(a: str, b: str, length: int) -> None:
    assert common_length(a, b) == common_length(b, a) == length


def test_every_place_where_long_texts_part() -> None:
    text = "ab" * 40
    for at in range(len(text)):
        other = text[:at] + "-" + text[at + 1 :]
        assert common_length(text, other) == at
