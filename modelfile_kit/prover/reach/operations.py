"""Operators, tests, methods and functions on abstract values."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ...huggingface.operations import Result, methods_of
from .shapes import World
from .values import (
    ANYTHING,
    EITHER,
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
    equals,
    is_text,
    known,
    list_of,
    thing,
    truths,
    union,
)

Truths = frozenset[bool]
BOTH: Truths = frozenset({True, False})
YES: Truths = frozenset({True})
NO: Truths = frozenset({False})


def computed(compute: Callable[[Any, Any], Any], a: Atom, b: Atom) -> Value:
    """A binary operator on numbers; on constants its real result."""
    if isinstance(a, (Missing,)) or isinstance(b, Missing):
        return NOTHING
    if isinstance(a, Known) and isinstance(b, Known):
        try:
            return known(compute(a.value, b.value)) if _small(a) and _small(b) else ANYTHING
        except Exception:  # whatever Python raises, the rendering ends here
            return NOTHING
    if compute is operator.sub and isinstance(a, SomeNumber) and a.low is not None and isinstance(b, Known):
        return frozenset({SomeNumber(a.low - b.value)}) if isinstance(b.value, int) else NUMBER
    return NUMBER if _is_number(a) and _is_number(b) else ANYTHING


def negated(atom: Atom) -> Value:
    """`-a`."""
    if isinstance(atom, Known):
        return computed(operator.sub, Known.of(0), atom)
    return NUMBER if isinstance(atom, SomeNumber) else ANYTHING if isinstance(atom, Anything) else NOTHING


def _is_number(atom: Atom) -> bool:
    return isinstance(atom, SomeNumber) or (isinstance(atom, Known) and isinstance(atom.value, (int, float)))


def _small(atom: Known) -> bool:
    return not isinstance(atom.value, (int, float)) or abs(atom.value) < 1000


def added(a: Atom, b: Atom, world: World) -> Value:
    """`a + b`."""
    if isinstance(a, Missing) or isinstance(b, Missing):
        return NOTHING
    if is_text(a) and is_text(b):
        if isinstance(a, Known) and isinstance(b, Known):
            return known(a.value + b.value)
        return FULL_TEXT if any(truths(frozenset({x})) == YES for x in (a, b)) else TEXT
    if isinstance(a, Anything) or isinstance(b, Anything):
        return ANYTHING
    if world.is_list(a) and world.is_list(b):
        assert isinstance(a, Thing) and isinstance(b, Thing)
        return list_of(union(world.items(a), world.items(b)), full=a.full or b.full)
    if isinstance(a, Known) and isinstance(b, Known):
        return computed(lambda x, y: x + y, a, b)
    if _is_number(a) and _is_number(b):
        low = [x.low if isinstance(x, SomeNumber) else x.value for x in (a, b)]  # type: ignore[union-attr]
        whole = [n for n in low if isinstance(n, int)]
        return frozenset({SomeNumber(min(sum(whole), 1))}) if len(whole) == 2 else NUMBER
    return NOTHING if is_text(a) != is_text(b) else ANYTHING


def ordered(compute: Callable[[Any, Any], bool], a: Atom, b: Atom) -> Value:
    """`<` and its kin."""
    if isinstance(a, Missing) or isinstance(b, Missing):
        return NOTHING
    if isinstance(a, Known) and isinstance(b, Known):
        return computed(compute, a, b)
    if isinstance(a, SomeNumber) and a.low is not None and isinstance(b, Known):
        # The smallest and a huge number: if both agree, every one between does.
        try:
            ends = {compute(a.low, b.value), compute(10**9, b.value)}
        except TypeError:
            return NOTHING
        return known(*ends)
    return EITHER


def contains(whole: Atom, part: Value, world: World) -> Truths:
    """`part in whole`; no outcome where that fails."""
    if isinstance(whole, Missing):
        return NO
    if isinstance(whole, Anything):
        return BOTH
    constants = [a.value for a in part if isinstance(a, Known)]
    if is_text(whole):
        if isinstance(whole, Known) and len(constants) == len(part):
            return frozenset(c in whole.value for c in constants if isinstance(c, str))
        return YES if constants == [""] and len(part) == 1 else BOTH
    if not isinstance(whole, Thing):
        return frozenset()
    if world.is_mapping(whole):
        found: set[bool] = set()
        for atom in part:
            held = world.field(whole, atom.value) if isinstance(atom, Known) else None
            if held is None:
                return BOTH
            found |= {Missing() not in held} if len(held) == 1 or Missing() not in held else {True, False}
        return frozenset(found)
    if whole.shape == "literal":
        return _in_literal(whole.more, part)
    return truths(equals(part, world.items(whole))) | NO


def _in_literal(items: tuple[Value, ...], part: Value) -> Truths:
    found: set[bool] = set()
    for atom in part:
        each = [truths(equals(frozenset({atom}), i)) for i in items]
        if any(e == YES for e in each):
            found.add(True)
        else:
            found |= {False} | ({True} if any(True in e for e in each) else set())
    return frozenset(found)


# -- tests ------------------------------------------------------------------------------------------


def tested(name: str, value: Value, arguments: list[Value], world: World) -> Truths:
    """Outcomes of `value is name`."""
    if name in ("equalto", "eq", "==", "ne", "!=") and arguments:
        same = truths(equals(value, arguments[0]))
        return same if name in ("equalto", "eq", "==") else frozenset(not t for t in same)
    if name == "in" and arguments:
        return frozenset().union(*(contains(a, value, world) for a in arguments[0]))
    check = TEST_RULES.get(name)
    if check is None:
        return BOTH
    found: set[bool] = set()
    for atom in value:
        certain = None if isinstance(atom, Anything) else check(atom, world)
        found |= BOTH if certain is None else {certain}
    return frozenset(found)


def _holds(atom: Atom, *kinds: type) -> bool:
    return isinstance(atom, Known) and type(atom.value) in kinds


def _number(atom: Atom, _: World) -> bool:
    return isinstance(atom, SomeNumber) or _holds(atom, int, float, bool)


def _iterable(atom: Atom, world: World) -> bool:
    lists = world.is_list(atom) or world.is_mapping(atom) or is_stream(atom)
    return is_text(atom) or isinstance(atom, Missing) or lists


def is_stream(atom: Atom) -> bool:
    """Whether it gives its items once."""
    return isinstance(atom, Thing) and atom.shape == "stream"


TEST_RULES: dict[str, Callable[[Any, World], bool | None]] = {
    "defined": lambda a, _: not isinstance(a, Missing),
    "undefined": lambda a, _: isinstance(a, Missing),
    "none": lambda a, _: _holds(a, type(None)),
    "string": lambda a, _: is_text(a),
    "mapping": lambda a, w: w.is_mapping(a),
    "iterable": _iterable,
    "sequence": lambda a, w: None if is_stream(a) else _iterable(a, w),
    "number": _number,
    "integer": lambda a, _: None if isinstance(a, SomeNumber) else _holds(a, int),
    "float": lambda a, _: None if isinstance(a, SomeNumber) else _holds(a, float),
    "boolean": lambda a, _: _holds(a, bool),
    "true": lambda a, _: a == Known.of(True),
    "false": lambda a, _: a == Known.of(False),
    # What is undefined can be called, and fails then.
    "callable": lambda a, _: (
        isinstance(a, Missing)
        or (isinstance(a, Thing) and a.shape in ("function", "macro", "method", "loop"))
    ),
}


# -- methods and functions -----------------------------------------------------------------------------

_TEXT_METHODS = methods_of("str")


def method(name: str, owner: Atom, arguments: list[Value], world: World) -> Value:
    """`owner.name(...)`."""
    if is_text(owner):
        return _text_method(name, owner, arguments)
    if not isinstance(owner, Thing):
        return ANYTHING
    if world.is_mapping(owner):
        keys, values = world.pair(owner)
        if name == "items":
            return thing("pairs", owner, full=owner.full)
        if name in ("keys", "values"):
            return list_of(keys if name == "keys" else values, full=owner.full)
        if name == "get" and arguments:
            return _get(owner, arguments, world)
        if name == "copy":
            return frozenset({owner})
    return frozenset({SomeNumber(0)}) if name in ("index", "count") else ANYTHING


def _get(owner: Thing, arguments: list[Value], world: World) -> Value:
    found: list[Value] = []
    for key in arguments[0]:
        held = (
            world.field(owner, key.value) if isinstance(key, Known) and isinstance(key.value, str) else None
        )
        if held is None:
            held = MISSING | world.pair(owner)[1]
        found.append(held - MISSING)
        if Missing() in held:
            found.append(arguments[1] if len(arguments) > 1 else known(None))
    return union(*found)


def _text_method(name: str, owner: Atom, arguments: list[Value]) -> Value:
    constants = [next(iter(a)) for a in arguments if len(a) == 1]
    if isinstance(owner, Known) and len(constants) == len(arguments) and _all_known(constants):
        try:
            result = getattr(owner.value, name)(*(c.value for c in constants))  # type: ignore[union-attr]
        except Exception:  # whatever Python raises, the rendering ends here
            return NOTHING
        if isinstance(result, (str, int)):
            return known(result)
    if isinstance(owner, SomeText) and owner.low and name == "lower":
        return frozenset({owner})
    if name in ("find", "rfind"):
        return frozenset({SomeNumber(-1)})
    result = _TEXT_METHODS[name].result if name in _TEXT_METHODS else Result.TEXT
    if result is Result.LIST:
        return list_of(TEXT, full=name != "splitlines" and bool(arguments))
    return _WHATEVER.get(result, ANYTHING)


# What is known of a result whatever the text is.
_WHATEVER = {Result.EITHER: EITHER, Result.NUMBER: NUMBER, Result.TEXT: TEXT}


def _all_known(atoms: list[Atom]) -> bool:
    return all(
        isinstance(a, Known) and isinstance(a.value, (str, int)) and len(str(a.value)) < 99 for a in atoms
    )


def function(name: str, arguments: list[Value], named: dict[str, Value]) -> Value:
    """A global function."""
    if name == "raise_exception":
        return NOTHING
    if name == "strftime_now":
        return FULL_TEXT
    if name == "range":
        return list_of(NUMBER, full=_range_runs(arguments))
    if name == "dict":
        return thing("map", tuple(named.items()), full=bool(named)) if not arguments else ANYTHING
    return ANYTHING


def _range_runs(arguments: list[Value]) -> bool:
    """Whether `range(...)` certainly gives something: down to -1 from an index, or up to a length."""
    atoms = [next(iter(a)) for a in arguments if len(a) == 1]
    if len(atoms) != len(arguments) or not atoms:
        return False
    first, last, step = atoms[0], atoms[1] if len(atoms) > 1 else None, atoms[2] if len(atoms) > 2 else None
    if last is None:
        first, last = Known.of(0), first
    low = first.value if isinstance(first, Known) else first.low if isinstance(first, SomeNumber) else None
    if not isinstance(low, int):
        return False
    if step == Known.of(-1):
        return isinstance(last, Known) and low > last.value
    return (
        step is None and isinstance(first, Known) and isinstance(last, SomeNumber) and (last.low or 0) > low
    )


def loop_attribute(name: str, item: Value) -> Value:
    """`loop.name`."""
    if name in ("first", "last"):
        return EITHER
    if name in ("index", "revindex", "length", "depth"):
        return frozenset({SomeNumber(1)})
    if name in ("index0", "revindex0", "depth0"):
        return frozenset({SomeNumber(0)})
    if name in ("previtem", "nextitem"):
        return union(item, MISSING)
    return ANYTHING if name in ("cycle", "changed") else MISSING
