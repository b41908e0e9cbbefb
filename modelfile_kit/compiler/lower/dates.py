"""`strftime_now`: Ollama's `currentDate` is the day as 2006-01-02; there is no time of day."""

from __future__ import annotations

import calendar

from ..ir import nodes as go
from ..values.known import Const
from ..values.text import Choice, Part, Str, as_str, text_of
from ..values.value import Value
from .control_flow import Unsupported
from .state import State

_TODAY = go.call("currentDate")


def strftime(st: State, form: Value) -> Value:
    """`strftime_now(form)` as pieces of the day."""
    if not isinstance(form, Const) or not isinstance(form.value, str):
        raise Unsupported("strftime_now with an unknown format", st.line)
    st.require("current_date", "today's date")
    parts: list[Part] = []
    rest = form.value
    while rest:
        before, percent, rest = rest.partition("%")
        parts.append(before)
        if percent:
            letter = rest[:2] if rest[:1] == "-" else rest[:1]
            rest = rest[len(letter) :]
            parts.extend(_directive(st, letter))
    return text_of(*parts, nonempty=True)


def _cut(a: int, b: int) -> go.Expr:
    return go.call("slice", _TODAY, go.Lit(a), go.Lit(b))


def _directive(st: State, letter: str) -> list[Part]:
    simple = {"Y": (0, 4), "m": (5, 7), "d": (8, 10), "y": (2, 4)}
    if letter in simple:
        return [_cut(*simple[letter])]
    if letter == "F":
        return [_TODAY]
    if letter == "%":
        return ["%"]
    if letter in ("-d", "-m", "e"):
        a, b = (5, 7) if letter == "-m" else (8, 10)
        space = " " if letter == "e" else ""
        zero = go.equal(_cut(a, a + 1), go.Lit("0"))
        return [Choice(zero, as_str(text_of(space, _cut(a + 1, b))), Str((_cut(a, b),)))]
    if letter in ("B", "b", "h"):
        names = calendar.month_name if letter == "B" else calendar.month_abbr
        return [_month([str(n) for n in names])]
    raise Unsupported(f"strftime_now with %{letter}", st.line)


def _month(names: list[str]) -> Part:
    choice: Str = Str((names[12],))
    for n in range(11, 0, -1):
        test = go.equal(_cut(5, 7), go.Lit(f"{n:02d}"))
        choice = Str((Choice(test, Str((names[n],)), choice),))
    return choice.parts[0]
