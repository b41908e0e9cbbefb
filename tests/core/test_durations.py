from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.core.durations import clock_text, duration_text


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


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (3600, "1:00:00"), (90_061, "25:01:01"), (-3, "0:00")]
)
def test_a_time_as_a_clock_shows_it(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


SECONDS = {"d": 86_400, "h": 3600, "min": 60, "s": 1}


@given(st.floats(0, 10**9))
def test_a_time_is_short_of_the_truth_by_less_than_its_last_unit(seconds: float) -> None:
    parts = re.findall(r"(\d+) (d|h|min|s)", text := duration_text(seconds))
    assert " ".join(f"{count} {unit}" for count, unit in parts) == text
    told = sum(int(count) * SECONDS[unit] for count, unit in parts)
    units = list(SECONDS)
    place = units.index(parts[0][1])
    smallest = SECONDS[units[min(place + 1, len(units) - 1)]]
    assert told <= seconds < told + max(smallest, 1)
