"""What is known at one point of a chat template: variables, namespaces, and facts from tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Union

from .values import ANYTHING, Value, union

# A variable's name, or (namespace, attribute).
Slot = Union[str, tuple[str, str]]


class DeadError(Exception):
    """Nothing can come here: the template has raised, left the loop, or failed."""


@dataclass
class State:
    """slots: variables and attributes of namespaces. facts: expressions whose value is known better
    because a test has been passed, with the names they depend on."""

    slots: dict[Slot, Value] = field(default_factory=dict)
    facts: dict[str, tuple[Value, frozenset[str]]] = field(default_factory=dict)

    def copy(self) -> State:
        return State(dict(self.slots), dict(self.facts))

    def assign(self, slot: Slot, value: Value) -> None:
        """A variable or attribute gets a value; what was known about it is forgotten."""
        self.slots[slot] = value
        if isinstance(slot, tuple):
            self.forget_text(f".{slot[1]}")
        else:
            self.forget((slot,))

    def forget(self, names: Iterable[str]) -> None:
        """Drops facts that depend on these names."""
        gone = frozenset(names)
        self.facts = {k: f for k, f in self.facts.items() if not f[1] & gone}

    def forget_text(self, part: str) -> None:
        """Drops facts whose expression contains a text."""
        self.facts = {k: f for k, f in self.facts.items() if part not in k}


def join(*states: State | None) -> State | None:
    """What is known where several paths meet; None stands for a path that does not get there."""
    alive = [s for s in states if s is not None]
    if not alive:
        return None
    first, *others = alive
    for other in others:
        slots: dict[Slot, Value] = {}
        for slot in first.slots.keys() | other.slots.keys():
            a, b = first.slots.get(slot), other.slots.get(slot)
            # A name that one path has not set is what it is without: `reach` looks it up outside.
            slots[slot] = union(a, b) if a is not None and b is not None else (a or b or ANYTHING) | _unset(slot)
        facts = {
            k: (union(f[0], other.facts[k][0]), f[1] | other.facts[k][1])
            for k, f in first.facts.items()
            if k in other.facts
        }
        first = State(slots, facts)
    return first if others else first.copy()


def _unset(slot: Slot) -> Value:
    from .values import MISSING, NOTHING

    return MISSING if isinstance(slot, str) else NOTHING
