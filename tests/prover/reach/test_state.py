"""What is known at a point, and where paths meet."""

from __future__ import annotations

from modelfile_kit.prover.reach.state import AbstractState, join
from modelfile_kit.prover.reach.values import MISSING, known

NAMES = frozenset({"x"})


def test_paths_meet() -> None:
    a = AbstractState({"x": known(1), "y": known(2)}, {"f": (known(True), NAMES), "g": (known(1), NAMES)})
    b = AbstractState({"x": known(3)}, {"f": (known(False), NAMES)})
    joined = join(a, None, b)
    assert joined is not None
    assert joined.slots == {"x": known(1, 3), "y": known(2) | MISSING}
    assert joined.facts == {"f": (known(True, False), NAMES)}
    assert join(None, None) is None


def test_what_depends_on_a_variable_is_forgotten_when_it_is_set() -> None:
    state = AbstractState({}, {"x.a": (known(1), NAMES), "y": (known(1), frozenset({"y"}))})
    state.assign("x", known(2))
    assert set(state.facts) == {"y"}


def test_what_depends_on_an_attribute_is_forgotten_when_it_is_set() -> None:
    state = AbstractState({}, {"ns.a": (known(1), frozenset({"ns"})), "ns.b": (known(1), frozenset({"ns"}))})
    state.assign(("namespace 1", "a"), known(2))
    assert set(state.facts) == {"ns.b"}


def test_flags() -> None:
    state = AbstractState({"x": known(True), ("n", "y"): known(None), "z": known(True, False), "w": known(1)})
    assert state.flags() == {("x", known(True)), (("n", "y"), known(None))}


def test_a_copy_is_apart() -> None:
    state = AbstractState({"x": known(1)})
    copy = state.copy()
    copy.assign("x", known(2))
    assert state.slots == {"x": known(1)}
