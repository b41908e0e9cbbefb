"""Loops over abstract values: the first round, then all others until nothing changes."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable
from typing import Any

from jinja2 import nodes

from ...huggingface import jinja_source as source
from .effects import Effects
from .refinement import Refinement
from .shapes import World
from .state import AbstractState, Fact, join
from .values import (
    ANYTHING,
    MISSING,
    NOTHING,
    Anything,
    Missing,
    SomeNumber,
    Thing,
    Value,
    known,
    thing,
    truths,
    union,
)

# Rounds after which a loop that still changes is taken to change anything.
ROUNDS_MAX = 8
# Times that a loop is given something new by itself before it is taken to be given anything.
RECURSIONS_MAX = 4
# States with different flags that are kept apart; more are joined into one.
APART_MAX = 12


class Loops(Refinement):
    """Adds loops and the states that they keep apart.

    apart: whether states in which flags have different values are kept apart.
    """

    apart = False

    def __init__(self, world: World, effects: Effects) -> None:
        super().__init__(world, effects)
        self.loops: list[tuple[list[AbstractState], list[AbstractState]]] = []

    @abstractmethod
    def body(
        self, statements: list[nodes.Node], states: AbstractState | list[AbstractState] | None
    ) -> list[AbstractState]:
        """Executes statements one after the other in every state."""

    def merged(self, states: list[AbstractState]) -> list[AbstractState]:
        """Joins states; those in which flags have different values stay apart, while they are few."""
        if len(states) < 2:
            return states
        groups: dict[Any, list[AbstractState]] = {}
        for state in states:
            groups.setdefault(state.flags() if self.apart else None, []).append(state)
        if len(groups) > APART_MAX:
            groups = {None: states}
        return [joined for group in groups.values() if (joined := join(*group)) is not None]

    def _bind(self, target: nodes.Node, value: Value, state: AbstractState) -> None:
        if isinstance(target, nodes.Name):
            state.assign(target.name, value)
        elif isinstance(target, nodes.NSRef):
            if target.attr in self.effects.unknown:
                return
            held = state.slots.get(target.name, MISSING)
            spaces = {str(a.more) for a in held if isinstance(a, Thing)}
            if Anything() in held:
                spaces |= self.spaces
            for space in spaces:
                slot = (space, target.attr)
                before = state.slots.get(slot, MISSING) if len(spaces) > 1 or len(held) > 1 else NOTHING
                state.assign(slot, union(before, value))
        elif isinstance(target, nodes.Tuple):
            for i, part in enumerate(target.items):
                self._bind(part, union(*(_unpacked(a, i) for a in value)), state)

    def _do_for(self, statement: nodes.For, state: AbstractState) -> list[AbstractState]:
        over = self.value(statement.iter, state)
        if statement.recursive:
            return self._recursed(statement, over, state)
        return self._ran(statement, over, state)

    def _recursed(self, statement: nodes.For, over: Value, state: AbstractState) -> list[AbstractState]:
        """A loop that calls itself, over all that it may be given, until nothing new comes.

        What is set in namespaces inside is unknown all the time.
        """
        for n in itertools.count():
            self.again[id(statement)] = NOTHING
            ended = self._ran(statement, over, state.copy())
            together = union(over, self.again[id(statement)])
            if together == over:
                return ended
            over = together if n < RECURSIONS_MAX else ANYTHING
        raise AssertionError

    def _ran(self, statement: nodes.For, over: Value, state: AbstractState) -> list[AbstractState]:
        rounds = frozenset().union(*map(self.world.rounds, over))
        outside = dict(state.slots)
        inner = assigned(statement) | {"loop"}
        ended, unfinished = self._looped(statement, over, state) if 1 in rounds else ([], [])
        # What stands behind `else` is executed where no round came to its end.
        without = [state.copy()] if 0 in rounds else []
        without += [leave(end, outside, inner) for end in unfinished] if statement.else_ else []
        ended += self.body(statement.else_, self.merged(without))
        return [leave(end, outside, inner) for end in ended]

    def _looped(
        self, statement: nodes.For, over: Value, state: AbstractState
    ) -> tuple[list[AbstractState], list[AbstractState]]:
        """The states after a loop that has items, and those in which no round may have come to its end.

        The first round, then all others together.
        """
        local = assigned(statement) | {"loop"}
        outside = dict(state.slots)
        entry = state.copy()
        entry.forget(local)
        ends, exits, unfinished = self._round(statement, over, [entry], first=True)
        known: dict[Any, AbstractState] = {}
        joins: Counter[Any] = Counter()
        again = ends
        while True:
            changed = []
            for back in again:
                start = leave(back.copy(), outside, local)
                key = start.flags() if self.apart and len(known) <= APART_MAX else None
                joins[key] += 1
                before = known.get(key)
                joined = join(before, start)
                assert joined is not None
                if before is not None and joined.slots == before.slots and joined.facts == before.facts:
                    continue
                if before is not None and joins[key] >= ROUNDS_MAX - 2:
                    _widen(joined, before)
                known[key] = joined
                changed.append(joined)
            if not changed:
                break
            again, more, cut = self._round(statement, over, changed, first=False)
            ends, exits, unfinished = ends + again, exits + more, unfinished + cut
        return self.merged(ends + exits), unfinished

    def _round(
        self, statement: nodes.For, over: Value, states: list[AbstractState], *, first: bool
    ) -> tuple[list[AbstractState], list[AbstractState], list[AbstractState]]:
        """One round from each state: where it ends or goes on, and where it breaks off.

        Last come those of both where it does not come to its end.
        """
        names = source.names(statement.iter)
        starts: list[AbstractState] = []
        skipped: list[AbstractState] = []
        for state, (item, known_item) in itertools.product(states, self._items(statement, over)):
            start = state.copy()
            self._bind(statement.target, item, start)
            start.facts.update(known_item)
            inside: AbstractState | None = start
            if statement.test is not None:
                # Its `loop` is still that of the loop around. It is asked for items only, so that its failing
                # ends no loop without any.
                possible = truths(self.maybe(statement.test, start))
                inside = self.refine(statement.test, True, start) if True in possible else None
                skipped += [state.copy()] if False in possible else []
            if inside is not None:
                own = (item, self._counted(statement, state), names, id(statement))
                inside.assign("loop", thing("loop", own))
                _position(inside, first)
                starts.append(inside)
        continues: list[AbstractState] = []
        breaks: list[AbstractState] = []
        self.loops.append((continues, breaks))
        ends = self.body(statement.body, starts)
        self.loops.pop()
        cut = [s.copy() for s in (*continues, *breaks, *skipped)] if statement.else_ else []
        return self.merged(ends + continues + skipped), breaks, cut

    def _counted(self, statement: nodes.For, state: AbstractState) -> str:
        """What the loop runs over, where its length stays the number of rounds; else nothing."""
        over = source.unwatched(statement.iter)
        changed = source.names(over) & assigned(statement) or any(
            g.attr in self.effects.set_anywhere for g in statement.iter.find_all(nodes.Getattr)
        )
        left_out = statement.test is not None or statement.recursive
        return "" if left_out or changed or not self.repeats(over, state) else source.text(over)

    def _items(self, statement: nodes.For, over: Value) -> list[tuple[Value, dict[str, Fact]]]:
        """What the loop's variable can be, with what is known of it; keys of a mapping one by one."""
        plain: list[Value] = []
        found: list[tuple[Value, dict[str, Fact]]] = []
        name = statement.target.name if isinstance(statement.target, nodes.Name) else ""
        text = source.text(source.unwatched(statement.iter))
        for atom in over:
            pairs = isinstance(atom, Thing) and atom.shape == "pairs"
            mapping = atom.more if isinstance(atom, Thing) and pairs else atom
            fields = self.world.known_fields(mapping)
            if fields is None:
                plain.append(self.world.items(atom))
                continue
            for key, value in fields.items():
                if pairs:
                    found.append((thing("literal", (known(key), value)), {}))
                else:
                    fact = (value, frozenset({name, *source.names(statement.iter)}))
                    found.append((known(key), {f"{text}[{name}]": fact}))
        return found + ([(union(*plain), {})] if plain else [])

    def _do_continue(self, _: nodes.Continue, state: AbstractState) -> None:
        self.loops[-1][0].append(state)

    def _do_break(self, _: nodes.Break, state: AbstractState) -> None:
        self.loops[-1][1].append(state)


def _position(state: AbstractState, first: bool) -> None:
    """What is known of the loop's position in its first round, and in all others."""
    said: dict[str, Value] = {
        "loop.first": known(first),
        "loop.index0": known(0) if first else frozenset({SomeNumber(1)}),
        "loop.index": known(1) if first else frozenset({SomeNumber(2)}),
    }
    if first:
        said["loop.previtem"] = MISSING
    for text, value in said.items():
        state.facts[text] = (value, frozenset({"loop"}))


def _widen(state: AbstractState, before: AbstractState) -> None:
    """Gives up on what still changes."""
    for slot, value in state.slots.items():
        if before.slots.get(slot) != value:
            state.slots[slot] = ANYTHING
    state.facts = {}


def leave(state: AbstractState, outside: dict[Any, Value], inner: Iterable[str]) -> AbstractState:
    """At the end of a scope: variables are what they were outside, namespaces keep what they got.

    inner: the names that are set in the scope, where they stand for other variables.
    """
    state.forget(inner)
    kept = {s: v for s, v in state.slots.items() if isinstance(s, tuple)}
    changed = {n for n, v in state.slots.items() if isinstance(n, str) and outside.get(n) != v}
    state.forget(changed)
    state.slots = {s: v for s, v in outside.items() if isinstance(s, str)} | kept
    return state


def assigned(scope: nodes.Node) -> set[str]:
    """The variables that a statement with a scope of its own sets in it."""
    if "_assigned" not in scope.__dict__:
        found = {n.name for n in scope.find_all(nodes.Name) if n.ctx != "load"}
        scope._assigned = found | {r.name for r in scope.find_all(nodes.NSRef)}  # type: ignore[attr-defined]
    return set(scope._assigned)  # type: ignore[attr-defined]


def _unpacked(atom: Any, index: int) -> Value:
    if isinstance(atom, Thing) and atom.shape == "literal":
        parts: tuple[Value, ...] = atom.more
        return parts[index] if index < len(parts) else NOTHING
    return NOTHING if isinstance(atom, Missing) else ANYTHING
