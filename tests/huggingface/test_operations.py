"""The rules of every room are held to the one table of operations, and the table to jinja2 and Python."""

from __future__ import annotations

import pytest
from jinja2 import Environment

from modelfile_kit.compiler.lower import operations as lowering
from modelfile_kit.compiler.lower.kinds.known_dict import MAPPING_METHODS
from modelfile_kit.huggingface import estimates
from modelfile_kit.huggingface.environment import environment
from modelfile_kit.huggingface.operations import FILTERS, METHODS, TESTS, Native, Result, methods_of
from modelfile_kit.prover.native_constructs import MarkedReference
from modelfile_kit.prover.reach import operations as reach

# Lowered with the kinds of values that they are called on, not in the table of the rules for texts.
WITH_KINDS = {"format", "join"}
# The tests that `reach.operations.tested` answers before it looks into its rules.
ANSWERED_FIRST = {"==", "eq", "equalto", "!=", "ne", "in"}
# What Python 3.10 to 3.13 all have; later ones may add methods.
TYPES = {"str": str, "list": list, "dict": dict}


def test_the_filters_and_tests_are_jinjas() -> None:
    assert set(FILTERS) == set(Environment().filters)
    assert set(TESTS) == set(Environment().tests)
    assert {name for name in environment().filters if not name.startswith("_")} == set(FILTERS)


@pytest.mark.parametrize("of", TYPES)
def test_the_methods_are_pythons(of: str) -> None:
    assert set(methods_of(of)) == {name for name in dir(TYPES[of]) if not name.startswith("_")}


def test_what_is_lowered_has_a_rule() -> None:
    assert set(lowering.FILTERS) == {f.name for f in FILTERS.values() if f.lowered}
    assert set(lowering.TESTS) == {t.name for t in TESTS.values() if t.lowered}
    assert set(lowering.METHODS) | WITH_KINDS == {m.name for m in methods_of("str").values() if m.lowered}
    refused = {"pop"}  # by the sandbox, as it changes the dictionary
    assert set(MAPPING_METHODS) - refused == {m.name for m in methods_of("dict").values() if m.lowered}


def test_a_test_that_is_proven_has_a_rule() -> None:
    assert set(reach.TEST_RULES) | ANSWERED_FIRST == {t.name for t in TESTS.values() if t.proven}


def test_what_is_estimated_has_a_rule() -> None:
    joined = {"join"}  # estimated by itself, since its iterator becomes a list first
    assert set(estimates.FILTER_ESTIMATES) | joined == {f.name for f in FILTERS.values() if f.estimated}
    assert set(estimates.METHOD_ESTIMATES) | joined == {m.name for m in METHODS.values() if m.estimated}


def unknown(expression: str) -> bool:
    """Whether native mode is said to treat an expression in its own way."""
    return bool(MarkedReference("{% set x = " + expression + " %}", bos_token="", eos_token="").constructs())


@pytest.mark.parametrize("name", [f.name for f in FILTERS.values() if f.native is not Native.GIVEN])
def test_native_filters(name: str) -> None:
    assert unknown(f"messages | {name}") is (FILTERS[name].native is Native.UNKNOWN)


# For each filter and method that is the same for some values, one that is and one that is not.
GIVEN = {
    "count": ("messages | count", "messages[0].content | count"),
    "first": ("messages | first", "messages[0].content | first"),
    "join": ("messages | join(', ')", "messages[0].content | join"),
    "last": ("messages | last", "messages[0].content | last"),
    "length": ("messages | length", "messages[0].content | length"),
    "map": ("messages | map(attribute='role') | first", "messages | map('upper') | first"),
    "rejectattr": (
        "messages | rejectattr('a', 'eq', 1) | first",
        "messages | rejectattr('a', 'lt', 1) | first",
    ),
    "replace": ("messages[0].content | replace('a', 'b')", "messages[0].content | replace('', 'b')"),
    "reverse": ("(messages | reverse)[0].role", "messages[0].content | reverse"),
    "selectattr": (
        "messages | selectattr('a', 'eq', 1) | first",
        "messages | selectattr('a', 'lt', 1) | first",
    ),
    ".endswith": ("messages[0].content.endswith('a')", "messages[0].content.endswith(('a', 'b'))"),
    ".lstrip": ("messages[0].content.lstrip('a')", "messages[0].content.lstrip()"),
    ".replace": ("messages[0].content.replace('a', 'b')", "messages[0].content.replace('', 'b')"),
    ".rsplit": ("messages[0].content.rsplit('a')[0]", "messages[0].content.rsplit()[0]"),
    ".rstrip": ("messages[0].content.rstrip('a')", "messages[0].content.rstrip('é')"),
    ".split": ("messages[0].content.split('a')[0]", "messages[0].content.split()[0]"),
    ".startswith": ("messages[0].content.startswith('a')", "messages[0].content.startswith(('a', 'b'))"),
    ".strip": ("messages[0].content.strip('a')", "messages[0].content.strip()"),
}


def test_every_condition_has_an_example() -> None:
    given = {f.name for f in FILTERS.values() if f.native is Native.GIVEN}
    assert set(GIVEN) == given | {f".{m.name}" for m in METHODS.values() if m.native is Native.GIVEN}


@pytest.mark.parametrize(("same", "other"), GIVEN.values(), ids=GIVEN)
def test_native_for_some_values(same: str, other: str) -> None:
    assert not unknown(same)
    assert unknown(other)


@pytest.mark.parametrize("name", sorted({m.name for m in METHODS.values()}))
def test_native_methods(name: str) -> None:
    states = {m.native for m in METHODS.values() if m.name == name}
    if Native.GIVEN not in states:
        assert unknown(f"messages[0].content.{name}('a')") is (states == {Native.UNKNOWN})


@pytest.mark.parametrize("name", TESTS)
def test_native_tests(name: str) -> None:
    if name.isidentifier():  # the others cannot be written after `is`
        argument = " 1" if name in _WITH_ARGUMENT else ""
        assert unknown(f"messages[0].content is {name}{argument}") is not TESTS[name].native
    assert unknown(f"messages | selectattr('a', '{name}') | first") is not TESTS[name].selects


_WITH_ARGUMENT = {"divisibleby", "eq", "equalto", "ge", "greaterthan", "gt", "in", "le", "lessthan", "lt"}
_WITH_ARGUMENT |= {"ne", "sameas"}


@pytest.mark.parametrize("name", [m.name for m in methods_of("str").values() if m.result is Result.EITHER])
def test_methods_that_answer_yes_or_no(name: str) -> None:
    arguments = ("a",) if name in ("startswith", "endswith") else ()
    assert type(getattr("a", name)(*arguments)) is bool
