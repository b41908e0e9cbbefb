"""What an expression can be for any conversation that Ollama can express: sets of kinds of values.

A value is a set of atoms; the empty set means that nothing can come here. Only what decides
branches is kept apart: known constants, empty or not, there or not, and the shape of the request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# More atoms than this in one value are no longer worth telling apart.
ATOMS_MAX = 24


@dataclass(frozen=True)
class Known:
    """A constant; 1, 1.0 and True are different ones."""

    value: Any
    kind: type = field(default=object)

    @classmethod
    def of(cls, value: Any) -> Known:
        return cls(value, type(value))


@dataclass(frozen=True)
class SomeText:
    """Any text; not an empty one if `full`, none of `but`, without upper-case letters if `low`."""

    full: bool = False
    but: frozenset[str] = frozenset()
    low: bool = False


@dataclass(frozen=True)
class SomeNumber:
    """Any number; at least `low` unless that is None."""

    low: int | None = None


@dataclass(frozen=True)
class Missing:
    """Jinja's undefined."""


@dataclass(frozen=True)
class Anything:
    """Nothing is known."""


@dataclass(frozen=True)
class Thing:
    """A list, mapping or function. shape: see `shapes.World`; more: what the shape needs to know;
    full: it is never empty."""

    shape: str
    more: Any = None
    full: bool = True


Atom = Known | SomeText | SomeNumber | Missing | Anything | Thing
Value = frozenset[Atom]

NOTHING: Value = frozenset()
ANYTHING: Value = frozenset({Anything()})
MISSING: Value = frozenset({Missing()})
TEXT: Value = frozenset({SomeText()})
FULL_TEXT: Value = frozenset({SomeText(full=True)})
NUMBER: Value = frozenset({SomeNumber()})
TRUE: Value = frozenset({Known.of(True)})
FALSE: Value = frozenset({Known.of(False)})
EITHER: Value = TRUE | FALSE
NONE: Value = frozenset({Known.of(None)})


def known(*values: Any) -> Value:
    """A value that is one of these constants."""
    return frozenset(map(Known.of, values))


def thing(shape: str, more: Any = None, *, full: bool = True) -> Value:
    """A value of one shape."""
    return frozenset({Thing(shape, more, full)})


def constant(value: Any) -> Value:
    """A constant of any kind; jinja2 folds literal lists and mappings into one."""
    if isinstance(value, (list, tuple)):
        return thing("literal", tuple(map(constant, value)), full=bool(value))
    if isinstance(value, dict):
        return thing("map", tuple((k, constant(v)) for k, v in value.items()), full=bool(value))
    return known(value)


def list_of(item: Value, *, full: bool) -> Value:
    """A list whose items are all of this kind."""
    return thing("list", item, full=full)


def union(*values: Value) -> Value:
    """One of several; too many become anything."""
    joined: Value = NOTHING.union(*values)
    return ANYTHING if len(joined) > ATOMS_MAX or Anything() in joined else joined


def outcome(*truths: bool) -> Value:
    """True, False or either, from the outcomes that are possible."""
    return known(*truths)


def atom_truths(atom: Atom) -> frozenset[bool]:
    """Which truths an atom can have."""
    if isinstance(atom, Known):
        return frozenset({bool(atom.value)})
    if isinstance(atom, Missing):
        return frozenset({False})
    if isinstance(atom, Thing) and atom.shape in ("literal", "map"):
        return frozenset({bool(atom.more)})
    if isinstance(atom, (SomeText, Thing)) and atom.full:
        return frozenset({True})
    if isinstance(atom, SomeText) and "" in atom.but:
        return frozenset({True})
    if isinstance(atom, SomeNumber) and atom.low is not None and atom.low > 0:
        return frozenset({True})
    return frozenset({True, False})


def truths(value: Value) -> frozenset[bool]:
    """Which truths a value can have."""
    return frozenset().union(*map(atom_truths, value))


def by_truth(value: Value, truth: bool) -> Value:
    """The part of a value that has this truth."""
    kept: set[Atom] = set()
    for atom in value:
        if truth not in atom_truths(atom):
            continue
        if isinstance(atom, SomeText):
            atom = SomeText(True, atom.but, atom.low) if truth else Known.of("")
        elif isinstance(atom, Thing) and truth:
            atom = Thing(atom.shape, atom.more, True)
        elif isinstance(atom, SomeNumber) and truth and atom.low == 0:
            atom = SomeNumber(1)
        kept.add(atom)
    return frozenset(kept)


def is_text(atom: Atom) -> bool:
    """Whether it is certainly a text."""
    return isinstance(atom, SomeText) or (isinstance(atom, Known) and isinstance(atom.value, str))


def equal(a: Atom, b: Atom) -> frozenset[bool]:
    """Which outcomes `a == b` can have."""
    if isinstance(b, Known) and not isinstance(a, Known):
        a, b = b, a
    if isinstance(a, Known):
        if isinstance(b, Known):
            return frozenset({a.value == b.value})
        return _equal_known(a.value, b)
    if isinstance(a, Missing) and isinstance(b, Missing):
        return frozenset({True})
    if isinstance(a, Anything) or isinstance(b, Anything) or type(a) is type(b):
        return frozenset({True, False})
    return frozenset({False})


def _equal_known(constant: Any, other: Atom) -> frozenset[bool]:
    possible = isinstance(other, Anything)
    if (
        isinstance(other, SomeText)
        and other.low
        and isinstance(constant, str)
        and constant != constant.lower()
    ):
        return frozenset({False})
    if isinstance(other, SomeText):
        possible = (
            isinstance(constant, str) and constant not in other.but and bool(constant or not other.full)
        )
    elif isinstance(other, SomeNumber):
        possible = isinstance(constant, (int, float)) and (other.low is None or constant >= other.low)
    return frozenset({True, False}) if possible else frozenset({False})


def equals(a: Value, b: Value) -> Value:
    """`a == b`."""
    found: set[bool] = set()
    for x in a:
        for y in b:
            found |= equal(x, y)
    return outcome(*found)


def without(value: Value, constants: list[Any]) -> Value:
    """What is left of a value that is equal to none of some constants."""
    texts = frozenset(c for c in constants if isinstance(c, str))
    kept: set[Atom] = set()
    for atom in value:
        if isinstance(atom, Known) and atom.value in constants:
            continue
        if isinstance(atom, SomeText) and texts:
            atom = SomeText(atom.full or "" in texts, atom.but | texts, atom.low)
        kept.add(atom)
    return frozenset(kept)


def at_least(value: Value, low: int) -> Value:
    """What is left of a value that is a number not below another one."""
    kept: set[Atom] = set()
    for atom in value:
        if isinstance(atom, SomeNumber):
            atom = SomeNumber(low if atom.low is None else max(atom.low, low))
        if not isinstance(atom, Known) or not isinstance(atom.value, (int, float)) or atom.value >= low:
            kept.add(atom)
    return frozenset(kept)


def only(value: Value, constants: list[Any]) -> Value:
    """What is left of a value that is equal to one of some constants."""
    kept: set[Atom] = set()
    for constant in map(Known.of, constants):
        # 1 is equal to 1.0 and to true, so that only a text is certainly the constant itself.
        same = {atom for atom in value if True in equal(atom, constant)}
        kept |= {constant} if same and isinstance(constant.value, str) else same
    return frozenset(kept)
