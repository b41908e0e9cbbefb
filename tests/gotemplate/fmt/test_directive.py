"""How formats are read; more of them stand in test_recorded.py."""

from __future__ import annotations

import pytest

from tests.gotemplate.fmt.test_formatting import sprintf


@pytest.mark.parametrize(
    ("form", "args", "text"),
    [
        ("%d%%", (1,), "1%"),
        ("%[2]d %[1]d", (1, 2), "2 1"),
        ("%d %d", (1,), "1 %!d(MISSING)"),
        ("%d", (1, "a"), "1%!(EXTRA string=a)"),
        ("%[2]d", (1, 2, 3), "2"),
        ("%[3]*.[2]*[1]f", (12.0, 2, 6), " 12.00"),
        ("%*d", ("a", 1), "%!(BADWIDTH)1"),
        ("%.*d", (-1, 1), "%!(BADPREC)1"),
        ("%-*d|", (4, 1), "1   |"),
        ("%*d|", (-4, 1), "1   |"),
        ("%", (), "%!(NOVERB)"),
        ("%[x]d", (1,), "%!d(BADINDEX)"),
        ("%[1]", (1,), "%!(NOVERB)"),
        ("%\udcff", (1,), "%!\ufffd(int=1)"),
        ("%!", (), "%!!(MISSING)"),
        ("%[1]5d", (1,), "%!d(BADINDEX)"),
        ("%5[1]d|", (1,), "    1|"),
    ],
)
def test_formats(form, args, text):
    assert sprintf(form, *args) == text


def test_a_width_that_is_far_too_long():
    assert sprintf("%99999999d", 1) == "%!(NOVERB)%!(EXTRA int=1)"
    assert sprintf("%*d", 1_000_001, 1) == "%!(BADWIDTH)1"
    assert len(sprintf("%*d", 1_000_000, 1)) == 1_000_000
