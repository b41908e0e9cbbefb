"""The functions that Ollama adds to Go's own, per release (template/template.go)."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from ..gotemplate.values import encoding_json as gojson
from ..gotemplate.values.gotypes import ANY, STRING, Function, GoFunctionError, Kind
from ..gotemplate.values.representation import Pointer, Struct, type_of
from .api_types import to_typescript
from .versions import Target

Clock = Callable[[], datetime.date]


# The functions that some release does not have: the row of `versions.SINCE` that says since when.
YOUNG: Mapping[str, str] = {
    "currentDate": "current_date",
    "toTypeScriptType": "typescript",
    "yesterdayDate": "yesterday_date",
}


def template_functions(target: Target, clock: Clock) -> Mapping[str, Function]:
    """The functions by name. clock: gives today's date where the server runs."""
    functions = {
        "json": Function(_json, (ANY,), STRING),
        "currentDate": _date(clock, 0),
        "yesterdayDate": _date(clock, 1),
        "toTypeScriptType": Function(_to_typescript, (ANY,), STRING),
    }
    return {name: f for name, f in functions.items() if name not in YOUNG or target.has(YOUNG[name])}


def _json(value: Any) -> str:
    """json.Marshal; what has no JSON becomes an empty text."""
    try:
        return gojson.marshal(value)
    except GoFunctionError:
        return ""


def _date(clock: Clock, days_ago: int) -> Function:
    """The date as 2006-01-02; arguments are taken and ignored."""

    def date(*_format: str) -> str:
        day = clock() - datetime.timedelta(days=days_ago)
        return f"{day.year:04}-{day.month:02}-{day.day:02}"

    return Function(date, (STRING,), STRING, variadic=True)


def _to_typescript(value: Any) -> str:
    """A property's type as TypeScript has it; "any" for everything that is no property."""
    if isinstance(value, Pointer):
        value = value.target
    if isinstance(value, Struct) and type_of(value).kind is Kind.STRUCT and "AnyOf" in value.fields:
        return to_typescript(value)
    return "any"
