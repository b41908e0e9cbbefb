"""What passing a test tells about the expressions in it."""

from __future__ import annotations

from typing import Any

from jinja2 import nodes

from . import operations, source
from .expressions import Expressions, field_got
from .state import CLAUSES_MAX, DeadError, State, join
from .values import (
    MISSING,
    NOTHING,
    Known,
    Missing,
    Thing,
    Value,
    by_truth,
    known,
    only,
    truths,
    union,
    without,
)


class Refinement(Expressions):
    """Adds `refine`: the state after a test."""

    def refine(self, test: nodes.Node, truth: bool, state: State) -> State | None:
        """The state in which a test has this truth; None where it cannot."""
        watching, self.watching = self.watching, False
        try:
            refined = self._refined(source.unwatched(test), truth, state)
            # What is known now may settle the rest of an earlier test.
            for node, outcome_then, _ in list(refined.clauses.values()) if refined else ():
                refined = refined and self._refined(node, outcome_then, refined)
        except DeadError:
            return None
        finally:
            self.watching = watching
        return refined

    def _refined(self, test: Any, truth: bool, state: State) -> State | None:
        if isinstance(test, nodes.Not):
            return self._refined(source.unwatched(test.node), not truth, state)
        if isinstance(test, (nodes.And, nodes.Or)):
            left, right = source.unwatched(test.left), source.unwatched(test.right)
            passes = isinstance(test, nodes.And)
            first = self._maybe_refined(left, passes, state)
            both = first and self._maybe_refined(right, truth, first)
            if truth == passes:
                return both
            joined = join(self._maybe_refined(left, truth, state), both)
            if joined is not None and len(joined.clauses) < CLAUSES_MAX:
                joined.clauses[source.text(test)] = (test, truth, source.names(test))
            return joined
        found = self.value(test, state)
        if truth not in truths(found):
            return None
        refined = state.copy()
        if isinstance(test, nodes.Compare) and len(test.ops) == 1:
            self._compared(test, truth, refined)
        elif isinstance(test, nodes.Test) and not test.args:
            kept = frozenset(
                a
                for a in self.value(test.node, state)
                if truth in operations.tested(test.name, frozenset({a}), [], self.world)
            )
            self._learn(test.node, kept, refined)
        self._learn(test, by_truth(found, truth), refined)
        self._narrow_base(test, truth, refined)
        return refined

    def _narrow_base(self, test: nodes.Node, truth: bool, state: State) -> None:
        """`x.type == 'array'` also tells which of several kinds of things `x` is."""
        base = source.base(test)
        if base is None:
            return
        before = self.value(base, state)
        if len(before) < 2 or not all(isinstance(a, (Thing, Missing)) for a in before):
            return
        kept = set()
        for atom in before:
            trial = state.copy()
            trial.forget((base.name,))
            trial.facts[base.name] = (frozenset({atom}), frozenset({base.name}))
            if truth in truths(self.maybe(test, trial)):
                kept.add(atom)
        if kept and len(kept) < len(before):
            state.facts[base.name] = (frozenset(kept), frozenset({base.name}))

    def _maybe_refined(self, test: nodes.Node, truth: bool, state: State) -> State | None:
        try:
            return self._refined(source.unwatched(test), truth, state)
        except DeadError:
            return None

    def _compared(self, test: nodes.Compare, truth: bool, state: State) -> None:
        left, operand = source.unwatched(test.expr), test.ops[0]
        right = self.value(operand.expr, state)
        if operand.op in ("in", "notin") and isinstance(left, nodes.Const):
            self._has_key(operand.expr, left.value, right, truth == (operand.op == "in"), state)
            return
        constants: list[Any] | None = None
        if operand.op in ("eq", "ne") and len(right) == 1:
            constants = [a.value for a in right if isinstance(a, Known)] or None
        elif operand.op in ("in", "notin") and len(right) == 1:
            listed = next(iter(right))
            if isinstance(listed, Thing) and listed.shape == "literal":
                items = [next(iter(v)) for v in listed.more if len(v) == 1]
                if len(items) == len(listed.more) and all(isinstance(i, Known) for i in items):
                    constants = [i.value for i in items]  # type: ignore[union-attr]
        if constants is None:
            return
        before = self.value(left, state)
        if truth == (operand.op in ("eq", "in")):
            self._learn(left, only(before, constants), state)
        else:
            for constant in constants:
                before = without(before, constant)
            self._learn(left, before, state)

    def _has_key(self, mapping: nodes.Expr, key: Any, value: Value, there: bool, state: State) -> None:
        """`'key' in mapping` tells whether `mapping.key` is there."""
        if not all(isinstance(a, Thing) and self.world.is_mapping(a) for a in value):
            return
        held = union(*(self.world.field(a, key) or MISSING for a in value))  # type: ignore[arg-type]
        known_now = held - MISSING if there else held & MISSING
        if known_now:
            state.facts[f"{source.text(mapping)}.{key}"] = (known_now, source.names(mapping))

    def _learn(self, node: nodes.Node, value: Value, state: State) -> None:
        if not value:
            raise DeadError
        node = source.unwatched(node)
        if isinstance(node, nodes.Const):
            return
        state.facts[source.text(node)] = (value, source.names(node))
        field = field_got(node)
        if field is not None and isinstance(node, nodes.Call) and len(node.args) == 1:
            # `m.get('k')` tells about `m.k`, where None stands for what is not there.
            held = frozenset(MISSING if None in _constants(value) else NOTHING) | (value - known(None))
            state.facts[field] = (held, source.names(node))


def _constants(value: Value) -> list[Any]:
    return [a.value for a in value if isinstance(a, Known)]
