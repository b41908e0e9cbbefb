from __future__ import annotations

import pytest

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
