"""Filters on abstract values."""

from __future__ import annotations

from ...huggingface.operations import FILTERS, Result
from .effects import STREAMS
from .shapes import World
from .values import (
    ANYTHING,
    FULL_TEXT,
    MISSING,
    NOTHING,
    NUMBER,
    TEXT,
    Anything,
    Atom,
    Known,
    Missing,
    SomeNumber,
    SomeText,
    Thing,
    Value,
    by_truth,
    is_text,
    known,
    list_of,
    thing,
    truths,
    union,
)


def filtered(name: str, value: Value, arguments: list[Value], named: dict[str, Value], world: World) -> Value:
    """`value | name(...)`."""
    result = FILTERS[name].result if name in FILTERS else Result.ANYTHING
    if result is Result.DEFAULT:
        return _default(value, arguments, named)
    if result is Result.LENGTH:
        return union(*map(_length, value))
    if result is Result.LETTERS:
        return union(*(_letters(a, name) for a in value))
    if result is Result.PAIRS:
        return union(*(_pairs(a, world) for a in value))
    if result is Result.LIST:
        return union(*(_listed(name, a, arguments, world) for a in value))
    return _WHATEVER.get(result, ANYTHING)


# What is known of a result whatever the value is.
_WHATEVER = {Result.TEXT: TEXT, Result.FULL_TEXT: FULL_TEXT, Result.NUMBER: NUMBER}


def _default(value: Value, arguments: list[Value], named: dict[str, Value]) -> Value:
    """`value | default(default_value, boolean)`."""
    other = arguments[0] if arguments else named.get("default_value", known(""))
    boolean = arguments[1] if len(arguments) > 1 else named.get("boolean", known(False))
    found = NOTHING
    for empty_too in truths(boolean):
        kept = by_truth(value, True) if empty_too else value - MISSING
        replaced = False in truths(value) if empty_too else Missing() in value
        found = union(found, kept, other if replaced else NOTHING)
    return found


def _length(atom: Atom) -> Value:
    if isinstance(atom, Known) and isinstance(atom.value, str):
        return known(len(atom.value))
    if isinstance(atom, Missing):
        return known(0)
    if isinstance(atom, Thing) and atom.shape == "literal":
        return known(len(atom.more))
    if isinstance(atom, Thing) and atom.shape == "types":
        return frozenset({SomeNumber(2)})  # a list of one type is sent on as that type
    if isinstance(atom, (SomeText, Thing)):
        return frozenset({SomeNumber(1 if atom.full else 0)})
    return frozenset({SomeNumber(0)}) if isinstance(atom, Anything) else NOTHING


def _letters(atom: Atom, name: str) -> Value:
    if isinstance(atom, Known) and isinstance(atom.value, str):
        return known(getattr(atom.value, "strip" if name == "trim" else name)())
    if isinstance(atom, Missing):
        return known("")
    if isinstance(atom, SomeText) and atom.low and name == "lower":
        return frozenset({atom})
    return TEXT if name == "trim" or not isinstance(atom, SomeText) or not atom.full else FULL_TEXT


def _pairs(atom: Atom, world: World) -> Value:
    if isinstance(atom, Thing) and world.is_mapping(atom):
        return thing("pairs", atom, full=atom.full)
    return ANYTHING if isinstance(atom, (Anything, Thing)) else NOTHING


def _listed(name: str, atom: Atom, arguments: list[Value], world: World) -> Value:
    if isinstance(atom, (Known, SomeNumber)) and not is_text(atom):
        return NOTHING
    if isinstance(atom, Anything):
        return ANYTHING
    full = isinstance(atom, (SomeText, Thing)) and atom.full
    item = world.pair(atom)[0] if world.is_mapping(atom) else world.items(atom)  # type: ignore[arg-type]
    if name in ("first", "last", "random", "min", "max"):
        return union(item, NOTHING if full else MISSING)
    if name == "reverse" and is_text(atom):
        return FULL_TEXT if truths(frozenset({atom})) == {True} else TEXT
    if name in ("list", "sort") and isinstance(atom, Thing) and atom.shape in ("messages", "literal"):
        return frozenset({atom})
    if name in ("list", "sort"):
        return list_of(item, full=full)
    if name in ("reverse", "unique"):
        return thing("stream", item, full=full)
    if name == "selectattr" and len(arguments) == 3 and all(map(is_text, item)):
        # Letters have no attributes.
        return thing("literal", (), full=False)
    if name in ("select", "reject", "selectattr", "rejectattr"):
        return thing("stream", item, full=False)
    return thing("stream" if name in STREAMS else "list", ANYTHING, full=False)
