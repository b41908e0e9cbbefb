"""Flags, padding and basic types; the matrix of verbs is held to Go in test_recorded.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gotemplate.fmt.test_formatting import sprintf


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from("dxXob"), st.integers(0, 30), st.booleans())
def test_integers_as_python_has_them(number, verb, width, zeros):
    flag = "0" if zeros else ""
    assert sprintf(f"%{flag}{width or ''}{verb}", number) == format(number, f"{flag}{width or ''}{verb}")
    assert sprintf(f"%-{width}{verb}|", number) == format(number, f"<{width}{verb}") + "|"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.integers(0, 10), st.integers(0, 10))
def test_strings_are_measured_in_characters(text, width, precision):
    assert sprintf(f"%{width}.{precision}s", text) == text[:precision].rjust(width)
    assert sprintf(f"%-{width}s", text) == text.ljust(width)
    assert sprintf("%x", text) == text.encode().hex()


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ("%#x", 255, "0xff"),
        ("%#o", 8, "010"),
        ("%O", 8, "0o10"),
        ("%+.3d", 7, "+007"),
        ("%.0d|", 0, "|"),
        ("% d", 7, " 7"),
        ("%c%c", 233, "é%!c(MISSING)"),
        ("%U", 233, "U+00E9"),
        ("%#U", 233, "U+00E9 'é'"),
        ("%U", -1, "U+FFFFFFFFFFFFFFFF"),
        ("%+q", "é", '"\\u00e9"'),
        ("%#q", "a`", '"a`"'),
        ("%#q", "a", "`a`"),
        ("% x", "hi", "68 69"),
        ("%# X", "hi", "0X68 0X69"),
        ("%08.2f", -1.5, "-0001.50"),
        ("%+e", 1.5, "+1.500000e+00"),
        ("%#g", 1.0, "1.00000"),
        ("%#.3x", 1.0, "0x1.000p+00"),
        ("%06.1f", float("inf"), "  +Inf"),
        ("%t", 1, "%!t(int=1)"),
        ("%v", 1 - 2j, "(1-2i)"),
        ("%8.1f", 1 - 2j, "(     1.0    -2.0i)"),
    ],
)
def test_flags(form, value, text):
    assert sprintf(form, value) == text
