from __future__ import annotations

import pytest

from modelfile_kit.core.numbers import is_writable, read_count


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
