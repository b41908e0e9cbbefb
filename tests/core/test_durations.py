from __future__ import annotations

import pytest

from modelfile_kit.core.durations import duration_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min 59 s"),
        (7500, "2 h 5 min"),
        (86_400, "1 d"),
        (90_000, "1 d 1 h"),
        (86_460, "1 d"),
    ],
)
def test_a_time_has_its_largest_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
