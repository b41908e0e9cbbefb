"""`strftime_now`: Ollama's `currentDate` is the day as 2006-01-02; there is no time of day.

What a format needs beside pieces of that text is counted from them. Go templates have no arithmetic, so
digits become a number as the width of a padded text, sums are the lengths of texts, and remainders are
looked up in a text that repeats.
"""

from __future__ import annotations

import calendar

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Expr, Lit, call
from ..values.known import Const
from ..values.number import Int
from ..values.text import Choice, Part, Str, as_str, text_of
from ..values.value import Value
from .control_flow import Unsupported
from .integers import int_to_go
from .state import State

_TODAY = call("currentDate")

# Formats that are others put together (C locale), and what a time without a zone gives for its zone.
_SAME_AS = {
    "F": "%Y-%m-%d",
    "D": "%m/%d/%y",
    "x": "%m/%d/%y",
    "n": "\n",
    "t": "\t",
    "%": "%",
    "Z": "",
    "z": "",
}
_PIECES = {"Y": (0, 4), "C": (0, 2), "y": (2, 4), "m": (5, 7), "d": (8, 10)}

# The weekday as a sum (modulo 7, Sunday is 0): day + month + year of the century + century. For each month
# from the first (a place stands before it), each year of a century, and each century by its remainder by 4.
_MONTHS = ".033614625035"
_YEARS = "".join(str((year + year // 4) % 7) for year in range(100))
_CENTURIES = "6420"
# How many days are before each month, three digits for each.
_DAYS_BEFORE = "...000031059090120151181212243273304334"
# January and February of a leap year come a day earlier in the week.
_LEAP = 6
_LARGEST = 31 + 6 + 6 + 6 + _LEAP
# What a sum over the calendar costs: it is a thousand characters of Go, which everything later reads again.
STEPS_OF_A_SUM = 1_000


# How many days of the week are left, by the weekday (Sunday 0): weeks begin on Sunday, or on Monday. Weeks of
# ISO 8601 belong to the year of their Thursday, so three days more are counted.
_TO_END_OF_WEEK = {"U": "6543210", "W": "0654321", "V": "3987654"}
# The number of the week by the day of the year and these days together.
_WEEKS = "".join(f"{n // 7:02d}" for n in range(376))
# ISO's: before the first is the last of the year before, after the last the first of the year after.
_ISO_WEEKS = f"{'00' * 4}525253{_WEEKS[14:744]}01010101"


def strftime(st: State, form: Value) -> Value:
    """`strftime_now(form)` as pieces of the day."""
    if not isinstance(form, Const) or not isinstance(form.value, str):
        raise Unsupported("strftime_now with an unknown format", st.line)
    st.require("current_date", "today's date")
    return text_of(*_formatted(st, form.value), nonempty=True)


def _formatted(st: State, form: str) -> list[Part]:
    parts: list[Part] = []
    rest = form
    while rest:
        before, percent, rest = rest.partition("%")
        parts.append(before)
        if percent:
            letter = rest[:2] if rest[:1] == "-" else rest[:1]
            rest = rest[len(letter) :]
            parts.extend(_directive(st, letter))
    return parts


def _cut(a: int, b: int) -> Expr:
    return call("slice", _TODAY, Lit(a), Lit(b))


def _directive(st: State, letter: str) -> list[Part]:
    if letter == "F":
        return [_TODAY]
    if letter in _PIECES:
        return [_cut(*_PIECES[letter])]
    if letter in _SAME_AS:
        same = _SAME_AS[letter]
        return [same] if len(same) < 2 else _formatted(st, same)
    if letter in ("-d", "-m", "-y", "e"):
        a, b = _PIECES[letter.replace("e", "d")[-1]]
        space = " " if letter == "e" else ""
        zero = go.equal(_cut(a, a + 1), Lit("0"))
        return [Choice(zero, as_str(text_of(space, _cut(a + 1, b))), Str((_cut(a, b),)))]
    if letter in ("B", "b", "h"):
        months = calendar.month_name if letter == "B" else calendar.month_abbr
        return [_one_of(_cut(5, 7), {f"{n:02d}": str(months[n]) for n in range(1, 13)})]
    if letter in ("A", "a"):
        days = calendar.day_name if letter == "A" else calendar.day_abbr
        return [_one_of(_weekday(st), {str(n): str(days[n - 1]) for n in range(7)})]
    if letter == "w":
        return [_weekday(st)]
    if letter == "u":
        weekday = _weekday(st)
        return [Choice(go.equal(weekday, Lit("0")), Str(("7",)), Str((weekday,)))]
    if letter in ("j", "-j"):
        return [call("printf", Lit("%03d" if letter == "j" else "%d"), _day_of_year(st))]
    if letter in _TO_END_OF_WEEK:
        return [_week(st, letter)]
    raise Unsupported(f"strftime_now with %{letter}", st.line)


def _one_of(e: Expr, names: dict[str, str]) -> Part:
    """The name of what a text is; the last one where it is none of the others."""
    *others, last = names
    choice = Str((names[last],))
    for key in reversed(others):
        choice = Str((Choice(go.equal(e, Lit(key)), Str((names[key],)), choice),))
    return choice.parts[0]


def _number(digits: Expr) -> Expr:
    """The number that digits stand for: `%27s` pads to so many characters."""
    return call("len", call("printf", call("printf", Lit("%%%ss"), digits), Lit("")))


def _at(table: str, place: Expr, size: int = 1) -> Expr:
    """So many characters of a text from a place on."""
    return call("printf", Lit(f"%.{size}s"), call("slice", Lit(table), place))


def _leap_year() -> go.Test:
    """Whether the year is a leap year: one that ends in 00 is where its century is divisible by 4."""
    year, century = _cut(2, 4), _cut(0, 2)
    by_year = go.both(go.negate(go.equal(year, Lit("00"))), _by_four(year))
    return go.either(by_year, go.both(go.equal(year, Lit("00")), _by_four(century)))


def _by_four(digits: Expr) -> go.Test:
    return go.equal(ops.Remainder(_number(digits), 4), Lit(0))


def _weekday(st: State) -> Expr:
    """The day of the week as a digit, Sunday 0."""
    century = _at(_CENTURIES, ops.Remainder(_number(_cut(0, 2)), 4))
    by_year, by_month = _at(_YEARS, _number(_cut(2, 4))), _at(_MONTHS, _number(_cut(5, 7)))
    total = _total(st, _cut(8, 10), by_month, by_year, century)
    table = "0123456" * (_LARGEST // 7 + 1)
    day = st.declare("weekday", _at(table, total))
    early = go.both(go.Atom(call("lt", _cut(5, 7), Lit("03"))), _leap_year())
    st.emit(go.If(early, (go.Set(day, _at(table[_LEAP:], _number(day))),)))
    return day


def _week(st: State, letter: str) -> Expr:
    """The number of the week, two digits."""
    left = _number(_at(_TO_END_OF_WEEK[letter], _number(_weekday(st))))
    days = st.declare("days", int_to_go(st, Int(((_day_of_year(st), 1), (left, 1)))))
    place = int_to_go(st, Int(((days, 2),)))
    week = st.declare("week", _at(_ISO_WEEKS if letter == "V" else _WEEKS, place, 2))
    if letter == "V":
        # the first of January is a Saturday after a leap year, or the last day a Thursday of one
        year, century = _cut(2, 4), _cut(0, 2)
        after_leap = go.both(
            go.equal(ops.Remainder(_number(year), 4), Lit(1)),
            go.either(go.negate(go.equal(year, Lit("01"))), _by_four(century)),
        )
        first, last = go.equal(days, Lit(5)), go.equal(days, Lit(372))
        late = go.either(go.both(first, after_leap), go.both(last, _leap_year()))
        st.emit(go.If(late, (go.Set(week, Lit("53")),)))
    return week


def _day_of_year(st: State) -> Expr:
    """How many days of the year have begun."""
    month = int_to_go(st, Int(((_number(_cut(5, 7)), 3),)))
    day = st.declare("day", _total(st, _at(_DAYS_BEFORE, month, 3), _cut(8, 10)))
    late = go.both(go.Atom(call("lt", Lit("02"), _cut(5, 7))), _leap_year())
    st.emit(go.If(late, (go.Set(day, int_to_go(st, Int(((day, 1),), 1))),)))
    return day


def _total(st: State, *digits: Expr) -> Expr:
    """The sum of the numbers that digits stand for."""
    st.step(STEPS_OF_A_SUM)
    return int_to_go(st, Int(tuple((_number(e), 1) for e in digits)))
