"""Operators, tests, methods and functions: abstract outcomes hold every concrete one."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest

from modelfile_kit.prover.reach import operations
from modelfile_kit.prover.reach.shapes import World
from modelfile_kit.prover.reach.values import Known, SomeNumber, SomeText, Thing, known, truths
from tests.prover.conftest import assert_found

BOTH = {True, False}
WORLD = World("tools", "<s>", "</s>")
CONSTANTS = ["", "a", "ab", "<think>", 0, 1, 2, -1, 1.5, True, False, None]
BINARY = ["==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "//", "%"]
TESTS = [
    "defined",
    "undefined",
    "none",
    "string",
    "mapping",
    "iterable",
    "sequence",
    "number",
    "integer",
    "float",
    "boolean",
    "true",
    "false",
    "callable",
]


@pytest.mark.parametrize("operator", BINARY)
def test_operators_on_constants_are_python_s(truths: Any, operator: str) -> None:
    for a in CONSTANTS:
        for b in CONSTANTS:
            condition = f"{a!r} {operator} {b!r}"
            taken, possible = truths(condition)
            assert taken <= possible, condition


@pytest.mark.parametrize("name", TESTS)
def test_tests_on_constants_are_jinja_s(name: str) -> None:
    real: Any = jinja2.Environment().tests[name]
    for constant in CONSTANTS:
        assert operations.tested(name, known(constant), [], WORLD) == {real(constant)}


@pytest.mark.parametrize(
    ("condition", "possible"),
    [
        ("m.content.startswith('x')", BOTH),
        ("m.content.split('x') | length > 0", {True}),
        ("m.content.split('x')[0] is string", {True}),
        ("m.content.strip() is string", {True}),
        ("'abc'.upper() == 'ABC'", {True}),
        ("'a-b'.split('-')[1] is defined", BOTH),
        ("m.content.find('x') > 0", BOTH),
        ("m.items() | length > 0", {True}),
        ("range(3) | length == 3", BOTH),
        ("range(messages | length - 1, -1, -1) | list", {True}),
        ("strftime_now('%Y')", {True}),
        ("dict(a=1).a == 1", {True}),
        ("namespace(a=1).a == 1", {True}),
        ("m.copy().role == m.role", BOTH),
        ("'role' in m.keys()", BOTH),
        ("m.content == m.content + 'x'", BOTH),
        ("'a' in 'abc' and 'd' not in 'abc'", {True}),
        ("'' in m.content", {True}),
        ("loop.previtem is defined", BOTH),
        ("loop.nothing is defined", {False}),
        ("[1] + [2]", {True}),
        ("m is callable or raise_exception is not callable", {False}),
        ("m.nothing is callable and loop is callable", {True}),
    ],
)
def test_possible_outcomes(truths: Any, condition: str, possible: set[bool]) -> None:
    taken, found = truths(condition)
    assert taken <= found == possible


def test_lists_cannot_be_changed_in_a_template(truths: Any) -> None:
    # Hugging Face's sandbox refuses it, so nothing after it is reached.
    assert truths("messages.append(m) is none") == (set(), set())


def test_letters_of_a_role_are_already_low() -> None:
    role = SomeText(True, frozenset({"tool"}), low=True)
    assert operations.method("lower", role, [], WORLD) == {role}
    assert operations.method("upper", role, [], WORLD) == {SomeText()}


def test_a_number_with_a_lower_bound() -> None:
    assert operations.ordered(lambda a, b: a > b, SomeNumber(1), Known.of(0)) == known(True)
    assert operations.ordered(lambda a, b: a > b, SomeNumber(0), Known.of(0)) == known(True, False)
    assert operations.added(SomeNumber(0), Known.of(1), WORLD) == {SomeNumber(1)}


def test_a_key_is_there_or_not() -> None:
    message = Thing("message")
    assert operations.contains(message, known("role"), WORLD) == {True}
    assert operations.contains(message, known("tool_calls"), WORLD) == BOTH
    assert operations.contains(message, known("video"), WORLD) == {False}
    assert truths(WORLD.items(Thing("calls"))) == {True}


@pytest.mark.parametrize(
    ("value", "text", "outcome"),
    [
        ("'-' * loop.index", "x == '---'", True),
        ("'%d' % loop.index", "x == '3'", True),
        ("m.content | length", "x == True", True),
        ("loop.index / 2", "x == 1", True),
        ("-loop.index", "x == -2", True),
        ("m.content | reverse", "x == 'cba'", False),
    ],
)
def test_numbers_and_texts_of_any_size(value: str, text: str, outcome: bool) -> None:
    assert_found("{% set x = " + value + " %}{% if " + text + " %}{% endif %}", text, outcome)


@pytest.mark.parametrize("text", ["a", None, 1, True, 1.5])
def test_a_negated_constant_is_python_s(text: Any) -> None:
    try:
        expected = known(-text)
    except TypeError:
        expected = frozenset()
    assert operations.negated(Known.of(text)) == expected
