from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.core.sizes import read_size, size_text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (763_084_800, "728 MiB"),
        (1024**2 - 1, "1.00 MiB"),
        (12 * 1024**3, "12.0 GiB"),
        (int(4.59 * 1024**3), "4.59 GiB"),
        (1024**5 * 5000, "5000 PiB"),
    ],
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("12GiB", 12 * 1024**3),
        ("12 gib", 12 * 1024**3),
        ("12G", 12 * 1024**3),
        ("12GB", 12 * 10**9),
        ("0.5MiB", 512 * 1024),
        ("800mb", 800 * 10**6),
        ("4096", 4096),
        ("4096B", 4096),
        ("1TiB", 1024**4),
    ],
)
def test_sizes_of_people(text: str, size: int) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["", "GiB", "12 apples", "-1GiB", "1e9", "12GiBs", "0x10", "١٢", "12,5GiB"])
def test_no_sizes(text: str) -> None:
    assert read_size(text) is None


@given(st.integers(0, 2**60))
def test_a_size_is_read_as_it_was_written(size: int) -> None:
    again = read_size(size_text(size))
    assert again is not None
    assert abs(again - size) <= size / 100  # three digits are written


# IEC 80000-13 for KiB, SI for kB; a bare letter is 1024
@given(
    st.integers(0, 10**6),
    st.integers(0, 99),
    st.sampled_from(
        [("", 1), ("B", 1), ("K", 1024), ("KiB", 1024), ("kB", 1000), ("MB", 10**6), ("mib", 2**20)]
    ),
)
def test_a_size_is_number_times_unit(whole: int, part: int, unit: tuple[str, int]) -> None:
    exact = Fraction(f"{whole}.{part:02}") * unit[1]
    found = read_size(f" {whole}.{part:02} {unit[0]} ")
    assert found is not None
    assert abs(found - exact) <= 1


@given(st.text(st.sampled_from("0123456789.,-+eE KMGTPiBb\u0661\u200b"), max_size=30) | st.text(max_size=12))
def test_any_text_is_a_size_or_none(text: str) -> None:
    found = read_size(text)
    assert found is None or (isinstance(found, int) and found >= 0)
