"""Jinja's filters and tests and the methods of Python's values: one row each.

A row says where the kit stands with an operation:

- lowered: the compiler writes it in a Go template (`compiler/lower/operations`, `kinds`);
- result: what the analysis of reachable branches knows of its result (`prover/reach`);
- pace, estimated: what it costs while the reference renders (`estimates`);
- native: whether llama.cpp's Jinja engine does the same for every text (`prover/native_constructs`).

The rules themselves stand in those rooms; tests hold them to these rows, so that a filter that is new in one
of them cannot be forgotten in another. Sources: jinja2 3.1 (`filters.py`, `tests.py`), Python's str, list
and dict, llama.cpp's common/jinja of August 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .guard import LOOKED_AT, ONE_BY_ONE, SEARCHED, WRITTEN


class Result(Enum):
    """What is known of a result without running the operation."""

    ANYTHING = "anything"
    DEFAULT = "the value, or the argument"
    EITHER = "true or false"
    FULL_TEXT = "a text that is not empty"
    LENGTH = "the length of the value"
    LETTERS = "the same text in other letters, or cut"
    LIST = "a list of the value's items, or one of them"
    NUMBER = "a number"
    PAIRS = "the pairs of a mapping"
    TEXT = "a text"


class Native(Enum):
    """Whether llama.cpp's Jinja engine does what Jinja2 does."""

    SAME = "for every value"
    GIVEN = "for some arguments or values"
    UNKNOWN = "nobody has shown it"


@dataclass(frozen=True)
class Filter:
    """One of Jinja's filters.

    lowered: whether the compiler writes it. whole: its rule is handed a choice between values as it is, not
    each of the values. pace: how many characters of the value take one step; 0 where its size costs nothing.
    estimated: whether more is counted before it runs, such as the size of the result.
    """

    name: str
    result: Result = Result.ANYTHING
    lowered: bool = False
    whole: bool = False
    native: Native = Native.UNKNOWN
    pace: int = SEARCHED
    estimated: bool = False


@dataclass(frozen=True)
class JinjaTest:
    """One of Jinja's tests, `x is name`.

    proven: whether the analysis of branches can tell its outcome. native: whether llama.cpp answers the same.
    selects: whether it does so as the test of `selectattr` and `rejectattr` too.
    """

    name: str
    lowered: bool = False
    proven: bool = False
    native: bool = False
    selects: bool = False


@dataclass(frozen=True)
class Method:
    """A method of one of Python's types; fields as of `Filter`."""

    of: str
    name: str
    result: Result = Result.ANYTHING
    lowered: bool = False
    native: Native = Native.UNKNOWN
    pace: int = SEARCHED
    estimated: bool = False


_ROWS = (
    Filter("abs", Result.NUMBER, lowered=True),
    Filter("attr", pace=0),
    Filter("batch", Result.LIST, pace=LOOKED_AT, estimated=True),
    Filter("capitalize", Result.LETTERS, lowered=True, pace=WRITTEN),
    Filter("center", Result.TEXT, estimated=True),
    Filter("count", Result.LENGTH, lowered=True, native=Native.GIVEN, pace=0),
    Filter("d", Result.DEFAULT, lowered=True, whole=True, native=Native.SAME, pace=0),
    Filter("default", Result.DEFAULT, lowered=True, whole=True, native=Native.SAME, pace=0),
    Filter("dictsort", Result.PAIRS, lowered=True, estimated=True),
    Filter("e", Result.TEXT, lowered=True, pace=WRITTEN),
    Filter("escape", Result.TEXT, lowered=True, pace=WRITTEN),
    Filter("filesizeformat", Result.TEXT),
    Filter("first", Result.LIST, lowered=True, native=Native.GIVEN, pace=0),
    Filter("float", Result.NUMBER, lowered=True),
    Filter("forceescape", Result.TEXT, lowered=True, pace=WRITTEN),
    Filter("format", Result.TEXT, lowered=True, estimated=True),
    Filter("groupby", estimated=True),
    Filter("indent", Result.TEXT, lowered=True, pace=LOOKED_AT, estimated=True),
    Filter("int", Result.NUMBER, lowered=True),
    Filter("items", Result.PAIRS, lowered=True, pace=LOOKED_AT),
    Filter("join", Result.TEXT, lowered=True, native=Native.GIVEN, estimated=True),
    Filter("last", Result.LIST, lowered=True, native=Native.GIVEN, pace=0),
    Filter("length", Result.LENGTH, lowered=True, native=Native.GIVEN, pace=0),
    Filter("list", Result.LIST, lowered=True, native=Native.SAME, pace=LOOKED_AT, estimated=True),
    Filter("lower", Result.LETTERS, lowered=True, pace=LOOKED_AT),
    Filter("map", Result.LIST, lowered=True, native=Native.GIVEN, pace=LOOKED_AT, estimated=True),
    Filter("max", Result.LIST, lowered=True, pace=ONE_BY_ONE),
    Filter("min", Result.LIST, lowered=True, pace=ONE_BY_ONE),
    Filter("pprint", Result.TEXT, pace=WRITTEN, estimated=True),
    Filter("random", Result.LIST, pace=0),
    Filter("reject", Result.LIST, lowered=True, pace=LOOKED_AT, estimated=True),
    Filter("rejectattr", Result.LIST, lowered=True, native=Native.GIVEN, pace=LOOKED_AT),
    Filter("replace", Result.TEXT, lowered=True, native=Native.GIVEN, estimated=True),
    Filter("reverse", Result.LIST, lowered=True, native=Native.GIVEN, pace=0),
    Filter("round", Result.NUMBER, lowered=True, estimated=True),
    Filter("safe", Result.TEXT, lowered=True, native=Native.SAME, pace=0),
    Filter("select", Result.LIST, lowered=True, pace=LOOKED_AT, estimated=True),
    Filter("selectattr", Result.LIST, lowered=True, native=Native.GIVEN, pace=LOOKED_AT),
    Filter("slice", Result.LIST, pace=LOOKED_AT, estimated=True),
    Filter("sort", Result.LIST, lowered=True, estimated=True),
    Filter("string", Result.TEXT, lowered=True, pace=WRITTEN),
    Filter("striptags", Result.TEXT, estimated=True),
    Filter("sum", Result.NUMBER, pace=LOOKED_AT, estimated=True),
    Filter("title", Result.LETTERS, lowered=True, pace=ONE_BY_ONE, estimated=True),
    Filter("tojson", Result.FULL_TEXT, lowered=True, pace=WRITTEN),
    Filter("trim", Result.LETTERS, lowered=True, estimated=True),
    Filter("truncate", Result.TEXT),
    Filter("unique", Result.LIST, pace=ONE_BY_ONE, lowered=True, estimated=True),
    Filter("upper", Result.LETTERS, lowered=True, pace=LOOKED_AT),
    Filter("urlencode", Result.TEXT, pace=LOOKED_AT),
    Filter("urlize", Result.TEXT, estimated=True),
    Filter("wordcount", Result.NUMBER, pace=ONE_BY_ONE),
    Filter("wordwrap", Result.TEXT, pace=1, estimated=True),
    Filter("xmlattr", Result.TEXT, pace=ONE_BY_ONE, estimated=True),
)
FILTERS = {row.name: row for row in _ROWS}

_TEST_ROWS = (
    JinjaTest("!=", lowered=True, proven=True, native=True, selects=True),
    JinjaTest("<", lowered=True),
    JinjaTest("<=", lowered=True),
    JinjaTest("==", lowered=True, proven=True, native=True, selects=True),
    JinjaTest(">", lowered=True),
    JinjaTest(">=", lowered=True),
    JinjaTest("boolean", lowered=True, proven=True, native=True),
    JinjaTest("callable", lowered=True, proven=True, native=True),
    JinjaTest("defined", lowered=True, proven=True, native=True, selects=True),
    JinjaTest("divisibleby", lowered=True),
    JinjaTest("eq", lowered=True, proven=True, native=True, selects=True),
    JinjaTest("equalto", lowered=True, proven=True, native=True, selects=True),
    JinjaTest("escaped"),
    JinjaTest("even", lowered=True, native=True),
    JinjaTest("false", lowered=True, proven=True, native=True),
    JinjaTest("filter"),
    JinjaTest("float", lowered=True, proven=True),
    JinjaTest("ge", lowered=True),
    JinjaTest("greaterthan", lowered=True),
    JinjaTest("gt", lowered=True),
    JinjaTest("in", lowered=True, proven=True, native=True, selects=True),
    JinjaTest("integer", lowered=True, proven=True, native=True),
    JinjaTest("iterable", lowered=True, proven=True, native=True),
    JinjaTest("le", lowered=True),
    JinjaTest("lessthan", lowered=True),
    JinjaTest("lower"),
    JinjaTest("lt", lowered=True),
    JinjaTest("mapping", lowered=True, proven=True, native=True),
    JinjaTest("ne", lowered=True, proven=True, native=True, selects=True),
    JinjaTest("none", lowered=True, proven=True, native=True),
    JinjaTest("number", lowered=True, proven=True, native=True),
    JinjaTest("odd", lowered=True, native=True),
    JinjaTest("sameas", lowered=True, native=True),
    JinjaTest("sequence", lowered=True, proven=True, native=True),
    JinjaTest("string", lowered=True, proven=True, native=True),
    JinjaTest("test"),
    JinjaTest("true", lowered=True, proven=True, native=True),
    JinjaTest("undefined", lowered=True, proven=True, native=True),
    JinjaTest("upper"),
)
TESTS = {row.name: row for row in _TEST_ROWS}


def _of_text(name: str, pace: int = SEARCHED) -> Method:
    """The row of a method of str that no other row names: it answers yes or no, or gives a text."""
    return Method("str", name, Result.EITHER if name.startswith("is") else Result.TEXT, pace=pace)


_METHOD_ROWS = (
    *(_of_text(name, WRITTEN) for name in ("casefold", "swapcase")),
    *(_of_text(name) for name in ("format_map", "isalnum", "isalpha", "isascii", "isdecimal")),
    *(_of_text(name) for name in ("isdigit", "isidentifier", "islower", "isnumeric", "isprintable")),
    *(_of_text(name) for name in ("isspace", "istitle", "isupper", "maketrans")),
    Method("str", "capitalize", Result.TEXT, lowered=True, pace=WRITTEN),
    Method("str", "center", Result.TEXT, estimated=True),
    Method("str", "count", Result.NUMBER, lowered=True),
    Method("str", "encode"),
    Method("str", "endswith", Result.EITHER, lowered=True, native=Native.GIVEN),
    Method("str", "expandtabs", Result.TEXT, pace=WRITTEN, estimated=True),
    Method("str", "find", Result.NUMBER, lowered=True),
    Method("str", "format", Result.TEXT, lowered=True),
    Method("str", "index", Result.NUMBER, lowered=True),
    Method("str", "join", Result.TEXT, lowered=True, estimated=True),
    Method("str", "ljust", Result.TEXT, estimated=True),
    Method("str", "lower", Result.TEXT, lowered=True, pace=LOOKED_AT),
    Method("str", "lstrip", Result.TEXT, lowered=True, native=Native.GIVEN, estimated=True),
    Method("str", "partition", Result.LIST, lowered=True),
    Method("str", "removeprefix", Result.TEXT, lowered=True),
    Method("str", "removesuffix", Result.TEXT, lowered=True),
    Method("str", "replace", Result.TEXT, lowered=True, native=Native.GIVEN, estimated=True),
    Method("str", "rfind", Result.NUMBER, lowered=True),
    Method("str", "rindex", Result.NUMBER, lowered=True),
    Method("str", "rjust", Result.TEXT, estimated=True),
    Method("str", "rpartition", Result.LIST, lowered=True),
    Method("str", "rsplit", Result.LIST, lowered=True, native=Native.GIVEN, estimated=True),
    Method("str", "rstrip", Result.TEXT, lowered=True, native=Native.GIVEN, estimated=True),
    Method("str", "split", Result.LIST, lowered=True, native=Native.GIVEN, estimated=True),
    Method("str", "splitlines", Result.LIST, lowered=True, estimated=True),
    Method("str", "startswith", Result.EITHER, lowered=True, native=Native.GIVEN),
    Method("str", "strip", Result.TEXT, lowered=True, native=Native.GIVEN, estimated=True),
    Method("str", "title", Result.TEXT, lowered=True, pace=LOOKED_AT, estimated=True),
    Method("str", "translate", Result.TEXT, pace=LOOKED_AT, estimated=True),
    Method("str", "upper", Result.TEXT, lowered=True, pace=LOOKED_AT),
    Method("str", "zfill", Result.TEXT, pace=WRITTEN, estimated=True),
    # The sandbox refuses those that change a list or dictionary; `append` is then refused on both sides.
    *(Method("list", name) for name in ("clear", "extend", "insert", "pop", "remove", "reverse", "sort")),
    Method("list", "append", native=Native.SAME),
    Method("list", "copy", Result.LIST),
    Method("list", "count", Result.NUMBER),
    Method("list", "index", Result.NUMBER),
    *(Method("dict", name) for name in ("clear", "fromkeys", "pop", "popitem", "setdefault", "update")),
    Method("dict", "copy", Result.LIST),
    Method("dict", "get", Result.DEFAULT, lowered=True, native=Native.SAME),
    Method("dict", "items", Result.PAIRS, lowered=True, native=Native.SAME, pace=LOOKED_AT),
    Method("dict", "keys", Result.LIST, lowered=True, native=Native.SAME),
    Method("dict", "values", Result.LIST, lowered=True, native=Native.SAME),
    Method("int", "to_bytes", estimated=True),
)
METHODS = {(row.of, row.name): row for row in _METHOD_ROWS}


def methods_of(type_name: str) -> dict[str, Method]:
    """The methods of one type by their names."""
    return {name: row for (of, name), row in METHODS.items() if of == type_name}
