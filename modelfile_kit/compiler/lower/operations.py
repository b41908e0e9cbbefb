"""The operations that a chat template can use, each with the rule that lowers it.

Filters, tests and methods of str by their names, aliases beside each other. A filter's rule is handed the
state, the value and the arguments; a method's also its name, since one rule can serve several.
"""

from __future__ import annotations

from collections.abc import Callable

from ...huggingface import operations
from ..ir.nodes import Test
from ..values.value import Value
from . import filters, jinja_tests, text_methods

FILTERS: dict[str, Callable[..., Value]] = {
    "abs": filters.numeric,
    "capitalize": filters.capitalize,
    "count": filters.length,
    "d": filters.default,
    "default": filters.default,
    "dictsort": filters.dictsort,
    "e": filters.escape,
    "escape": filters.escape,
    "first": filters.first,
    "float": filters.numeric,
    "forceescape": filters.escape,
    "format": filters.format_,
    "indent": filters.indent,
    "int": filters.as_number,
    "items": filters.items,
    "join": filters.join_by,
    "last": filters.last,
    "length": filters.length,
    "list": filters.list_,
    "lower": filters.lower,
    "map": filters.map_,
    "max": filters.maximum,
    "min": filters.minimum,
    "reject": filters.reject,
    "rejectattr": filters.rejectattr,
    "replace": filters.replace,
    "reverse": filters.reverse,
    "round": filters.numeric,
    "safe": filters.safe,
    "select": filters.select_,
    "selectattr": filters.selectattr,
    "sort": filters.sort,
    "string": filters.string,
    "title": filters.title,
    "tojson": filters.tojson,
    "trim": filters.trim,
    "unique": filters.unique,
    "upper": filters.upper,
}

# Filters that take a choice between values as it is.
WHOLE = frozenset(row.name for row in operations.FILTERS.values() if row.whole)

TESTS: dict[str, Callable[..., Test]] = {
    "!=": jinja_tests.not_equal,
    "<": jinja_tests.less,
    "<=": jinja_tests.at_most,
    "==": jinja_tests.equal_to,
    ">": jinja_tests.greater,
    ">=": jinja_tests.at_least,
    "boolean": jinja_tests.boolean,
    "callable": jinja_tests.callable_,
    "defined": jinja_tests.defined,
    "divisibleby": jinja_tests.divisible_by,
    "eq": jinja_tests.equal_to,
    "equalto": jinja_tests.equal_to,
    "even": jinja_tests.even,
    "false": jinja_tests.false,
    "float": jinja_tests.float_,
    "ge": jinja_tests.at_least,
    "greaterthan": jinja_tests.greater,
    "gt": jinja_tests.greater,
    "in": jinja_tests.in_,
    "integer": jinja_tests.integer,
    "iterable": jinja_tests.sequence,
    "le": jinja_tests.at_most,
    "lessthan": jinja_tests.less,
    "lt": jinja_tests.less,
    "mapping": jinja_tests.mapping,
    "ne": jinja_tests.not_equal,
    "none": jinja_tests.none,
    "number": jinja_tests.number,
    "odd": jinja_tests.odd,
    "sameas": jinja_tests.same_as,
    "sequence": jinja_tests.sequence,
    "string": jinja_tests.string,
    "true": jinja_tests.true,
    "undefined": jinja_tests.undefined,
}

# Methods of str; `format` and `join`, and those of dictionaries, stand with the kinds of values.
METHODS: dict[str, Callable[..., Value]] = {
    "capitalize": text_methods.capitalize,
    "count": text_methods.count,
    "endswith": text_methods.starts_or_ends,
    "find": text_methods.find,
    "index": text_methods.find,
    "lower": text_methods.change_case,
    "lstrip": text_methods.strip,
    "partition": text_methods.partition,
    "removeprefix": text_methods.remove_affix,
    "removesuffix": text_methods.remove_affix,
    "replace": text_methods.replace,
    "rfind": text_methods.find,
    "rindex": text_methods.find,
    "rpartition": text_methods.partition,
    "rsplit": text_methods.rsplit,
    "rstrip": text_methods.strip,
    "split": text_methods.split,
    "splitlines": text_methods.splitlines,
    "startswith": text_methods.starts_or_ends,
    "strip": text_methods.strip,
    "title": text_methods.title,
    "upper": text_methods.change_case,
}
