"""Sets of kinds of values."""

from __future__ import annotations

import itertools

import pytest

from modelfile_kit.prover.reach.values import (
    ANYTHING,
    ATOMS_MAX,
    MISSING,
    Anything,
    Known,
    Missing,
    SomeNumber,
    SomeText,
    Thing,
    by_truth,
    constant,
    equal,
    known,
    only,
    thing,
    truths,
    union,
    without,
)

BOTH = {True, False}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (known(""), {False}),
        (known("a", 0), BOTH),
        (MISSING, {False}),
        (frozenset({SomeText()}), BOTH),
        (frozenset({SomeText(full=True)}), {True}),
        (frozenset({SomeText(but=frozenset({""}))}), {True}),
        (frozenset({SomeNumber()}), BOTH),
        (frozenset({SomeNumber(1)}), {True}),
        (thing("messages"), {True}),
        (thing("arguments", full=False), BOTH),
        (constant([]), {False}),
        (constant([1]), {True}),
        (constant({}), {False}),
        (ANYTHING, BOTH),
    ],
)
def test_truths(value: frozenset[object], expected: set[bool]) -> None:
    assert truths(value) == expected  # type: ignore[arg-type]


def test_constants_of_different_types_are_different() -> None:
    assert len(known(1, True, 1.0)) == 3


def test_equality_of_constants_is_python_s() -> None:
    for a, b in itertools.product(["", "a", 0, 1, True, None, 1.0], repeat=2):
        assert equal(Known.of(a), Known.of(b)) == {a == b}


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (SomeText(), Known.of("a"), BOTH),
        (SomeText(but=frozenset({"a"})), Known.of("a"), {False}),
        (SomeText(full=True), Known.of(""), {False}),
        (SomeText(), Known.of(1), {False}),
        (SomeNumber(1), Known.of(0), {False}),
        (SomeNumber(1), Known.of(2), BOTH),
        (Missing(), Missing(), {True}),
        (Missing(), SomeText(), {False}),
        (Thing("message"), Known.of("a"), {False}),
        (Thing("message"), Thing("message"), BOTH),
        (Anything(), SomeText(), BOTH),
    ],
)
def test_equality(a: object, b: object, expected: set[bool]) -> None:
    assert equal(a, b) == equal(b, a) == expected  # type: ignore[arg-type]


def test_narrowing() -> None:
    text = frozenset({SomeText()})
    assert without(text, ["a", 1]) == {SomeText(but=frozenset({"a"}))}
    assert without(text, [""]) == {SomeText(full=True, but=frozenset({""}))}
    assert without(known("a", "b", "c"), ["a", "c"]) == known("b")
    assert only(text, ["a", 1]) == known("a")
    assert by_truth(text | MISSING, True) == {SomeText(full=True)}
    assert by_truth(text | MISSING, False) == known("") | MISSING


def test_a_union_of_very_many_is_anything() -> None:
    assert union(known(*range(ATOMS_MAX))) != ANYTHING
    assert union(known(*range(ATOMS_MAX + 1))) == ANYTHING
    assert union(known(1), ANYTHING) == ANYTHING
