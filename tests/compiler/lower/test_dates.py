"""Every format that follows from the day, held against Python's own strftime."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from modelfile_kit.compiler.compile import translate
from modelfile_kit.ollama.prompt import PromptTemplate
from tests.compiler.cases import user

FORMATS = (
    *"aAbBhmdyYCjwueDFxnt%ZzUWV",
    *("-d", "-m", "-y", "-j"),
)
# Days of two cycles of leap years and both kinds of centuries, a prime apart, and those around 29 February.
DAYS = (
    *(date(1999, 12, 25) + timedelta(23 * n) for n in range(120)),
    *(
        date(year, 2, 27) + timedelta(n)
        for year in (1600, 1900, 2000, 2024, 2026, 2100, 2200, 2399)
        for n in range(4)
    ),
    *(date(year, month, 1) for year in (1999, 2000, 2026, 2100) for month in range(1, 13)),
    *(date(year, 12, 31) for year in (1899, 2000, 2023, 2024, 9999)),
)


def rendered(template: str, day: date) -> str:
    return PromptTemplate(template, now=day).render([user("x")])


def test_every_format_is_pythons() -> None:
    form = "|".join(f"%{letter}" for letter in FORMATS)
    found = translate("{{ strftime_now('" + form + "') }}")
    assert found.coverage["chat"] == "exact", found.diagnostics
    for day in DAYS:
        assert rendered(found.template, day) == day.strftime(form), day


def test_the_weeks_around_every_kind_of_new_year() -> None:
    """Years that begin on each weekday, after leap years and others, and at the turn of centuries."""
    found = translate("{{ strftime_now('%U %W %V') }}")
    for year in (*range(1996, 2012), 1801, 2101):
        for n in range(-4, 8):
            day = date(year, 1, 1) + timedelta(n)
            assert rendered(found.template, day) == day.strftime("%U %W %V"), day


@pytest.mark.parametrize("letter", ["H", "M", "S", "f", "p", "c", "X", "G", "s"])
def test_the_time_of_day_is_refused(letter: str) -> None:
    found = translate("{{ messages[0].content }}{{ strftime_now('%" + letter + "') }}")
    assert [d.code for d in found.diagnostics] == ["MK610"]


def test_a_weekday_in_a_condition() -> None:
    """Its name is a value like any other: it can be compared and kept."""
    found = translate(
        "{% set day = strftime_now('%A') %}{% for m in messages %}"
        "{% if day == 'Sunday' %}rest{% else %}{{ day | upper }}{% endif %}"
        "{{ strftime_now('%a') }}{% endfor %}"
    )
    assert found.coverage["chat"] in ("exact", "partial"), found.diagnostics
    for n in range(7):
        day = date(2026, 3, 1) + timedelta(n)
        expected = "restSun" if n == 0 else day.strftime("%A").upper() + day.strftime("%a")
        assert rendered(found.template, day) == expected


def test_very_many_sums_over_the_calendar_are_too_much() -> None:
    """Each is long in Go; which line asks for one too many is told."""
    lines = "\n".join(
        f"{{% if strftime_now('%d') == '{n}' %}}{{{{ strftime_now('%A') }}}}{{% endif %}}" for n in range(200)
    )
    found = translate(lines + "{{ messages[0].content }}")
    assert found.coverage["chat"] == "unsupported"
    [told] = [d for d in found.diagnostics if d.code == "MK611"]
    assert told.span and told.span.line and told.span.line > 50


@pytest.mark.oracle
def test_go_counts_the_same(oracle: object) -> None:
    found = translate("{{ strftime_now('%A %j %w') }}")
    answer = oracle.chat(found.template, [user("x")])  # type: ignore[attr-defined]
    assert answer["output"] == date.today().strftime("%A %j %w")
