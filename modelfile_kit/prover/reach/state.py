"""What is known at one point of a chat template: variables, namespaces, and facts from tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from jinja2 import nodes

from .values import MISSING, Value, known, union

# A variable's name, or (namespace, attribute).
Slot = str | tuple[str, str]


_FLAGS = frozenset({known(True), known(False), known(None)})
# What an expression is known to be, and the names that depends on.
Fact = tuple[Value, frozenset[str]]
# A test, the outcome it has had, and the names it depends on.
Clause = tuple[nodes.Node, bool, frozenset[str]]
# The test that a variable was set to, its text, and the names that both depend on.
Meaning = tuple[nodes.Node, str, frozenset[str]]
# Clauses kept at a time; the oldest go.
CLAUSES_MAX = 6


class DeadError(Exception):
    """Nothing can come here: the template has raised, left the loop, or failed."""


@dataclass
class AbstractState:
    """slots: variables and attributes of namespaces. facts: expressions whose value is known better
    because a test has been passed, with the names they depend on. clauses: tests whose outcome is
    known and whose parts are not yet (`not (a and b)`), by their text. meanings: what variables were set
    to, by their name, as long as it would come out the same."""

    slots: dict[Slot, Value] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    clauses: dict[str, Clause] = field(default_factory=dict)
    meanings: dict[str, Meaning] = field(default_factory=dict)

    def copy(self) -> AbstractState:
        return AbstractState(dict(self.slots), dict(self.facts), dict(self.clauses), dict(self.meanings))

    def flags(self) -> frozenset[tuple[Slot, Value]]:
        """Variables and attributes that are certainly true, false or None."""
        return frozenset((slot, value) for slot, value in self.slots.items() if value in _FLAGS)

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
        self.clauses = {k: c for k, c in self.clauses.items() if not c[2] & gone}
        self.meanings = {k: m for k, m in self.meanings.items() if not m[2] & gone}

    def forget_text(self, part: str) -> None:
        """Drops facts whose expression contains a text."""
        self.facts = {k: f for k, f in self.facts.items() if part not in k}
        self.clauses = {k: c for k, c in self.clauses.items() if part not in k}
        self.meanings = {k: m for k, m in self.meanings.items() if part not in m[1]}


def join(*states: AbstractState | None) -> AbstractState | None:
    """What is known where several paths meet; None stands for a path that does not get there."""
    alive = [s for s in states if s is not None]
    if not alive:
        return None
    joined = alive[0].copy()
    for other in alive[1:]:
        joined = AbstractState(
            {
                slot: union(joined.slots.get(slot, MISSING), other.slots.get(slot, MISSING))
                for slot in joined.slots.keys() | other.slots.keys()
            },
            {
                key: (union(fact[0], other.facts[key][0]), fact[1] | other.facts[key][1])
                for key, fact in joined.facts.items()
                if key in other.facts
            },
            {k: c for k, c in joined.clauses.items() if other.clauses.get(k) == c},
            {k: m for k, m in joined.meanings.items() if other.meanings.get(k) == m},
        )
    return joined
