"""Unions keep all that a value depends on."""

from __future__ import annotations

from modelfile_kit.safety.values import NOTHING, TEXTS_MAX, Origin, Value, constant, union


def test_a_union() -> None:
    one = Value(frozenset({Origin.CONTENT}), frozenset({"a"}), questions=frozenset({1}))
    two = Value(frozenset({Origin.DATE}), frozenset({"b"}), frozenset({"c"}), frozenset({2}))
    both = union(one, two)
    assert both.of(Origin.CONTENT) and both.of(Origin.DATE) and not both.of(Origin.SIZE)
    assert both.texts == {"a", "b"} and both.cuts == {"c"} and both.questions == {1, 2}


def test_constants_are_bounded() -> None:
    many = union(*(constant(str(n)) for n in range(TEXTS_MAX + 50)))
    assert len(many.texts) == TEXTS_MAX


def test_what_it_depends_on() -> None:
    assert NOTHING.asking([3]).questions == {3}
    value = Value(frozenset({Origin.CONTENT}), frozenset({"a"}), frozenset({"b"}), frozenset({1}))
    assert value.only(Origin.SIZE) == Value(
        frozenset({Origin.SIZE}), frozenset(), frozenset({"b"}), frozenset({1})
    )
