from __future__ import annotations

import pytest

from modelfile_kit.core.numbers import is_writable, read_count, told_count


def test_a_count_is_of_ascii_digits_and_of_64_bits() -> None:
    assert [read_count(text) for text in ("0", "007", "9" * 18)] == [0, 7, 10**18 - 1]
    for text in ("", "-1", "+1", "1.0", " 1", "\u00b2", "\u0663", "9" * 19, "9" * 5000):
        assert read_count(text) is None


def test_what_is_writable_can_be_written() -> None:
    for number in (0, -(10**4000) + 1, 10**4000 - 1):
        assert is_writable(number)
        assert str(number)
    for number in (int("f" * 5000, 16), -int("f" * 5000, 16)):
        assert not is_writable(number)
        with pytest.raises(ValueError, match="digits"):
            str(number)


@pytest.mark.parametrize(
    ("value", "count"),
    [(3, 3), (0, 0), (-1, 0), (True, 0), ("7", 0), (1.5, 0), (float("inf"), 0), (None, 0), ([1], 0)],
)
def test_counts_that_another_program_tells(value: object, count: int) -> None:
    assert told_count(value) == count
