"""What passing a test tells about the expressions in it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from jinja2 import nodes

from ...huggingface import jinja_source as source
from ...ollama.request_shape import Shape, members
from . import operations
from .expressions import Expressions, field_got
from .state import CLAUSES_MAX, AbstractState, DeadError, Slot, join
from .values import (
    MISSING,
    NOTHING,
    Anything,
    Atom,
    Known,
    Missing,
    SomeNumber,
    Thing,
    Value,
    at_least,
    by_truth,
    known,
    only,
    truths,
    union,
    without,
)

LENGTHS: dict[str, Callable[[int, int], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
}


class Refinement(Expressions):
    """Adds `refine`: the state after a test."""

    settling = False

    def refine(self, test: nodes.Node, truth: bool, state: AbstractState) -> AbstractState | None:
        """The state in which a test has this truth; None where it cannot."""
        watching, self.watching = self.watching, False
        try:
            refined = self._refined(source.unwatched(test), truth, state)
            return refined if self.settling else self._settled(refined)
        except DeadError:
            return None
        finally:
            self.watching = watching

    def _settled(self, state: AbstractState | None) -> AbstractState | None:
        """The rest of earlier tests as far as what is known now settles it; one at a time, as they ask for
        each other."""
        self.settling = True
        try:
            for node, outcome_then, _ in list(state.clauses.values()) if state else ():
                state = state and self._refined(node, outcome_then, state)
        finally:
            self.settling = False
        return state

    def _refined(self, test: Any, truth: bool, state: AbstractState) -> AbstractState | None:
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
            if joined is not None and len(joined.clauses) < CLAUSES_MAX and self.repeats(test, state):
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
        if source.text(test) == "loop.last":
            self._at_the_end(truth, refined)
        self._narrow_base(test, truth, refined)
        if isinstance(test, nodes.Name) and test.name in state.meanings:
            return self._maybe_refined(source.unwatched(state.meanings[test.name][0]), truth, refined)
        return refined

    def _narrow_base(self, test: nodes.Node, truth: bool, state: AbstractState) -> None:
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
            trial.slots[base.name] = frozenset({atom})
            if truth in truths(self.maybe(test, trial)):
                kept.add(atom)
        if kept and len(kept) < len(before):
            state.slots[base.name] = frozenset(kept)

    def _at_the_end(self, last: bool, state: AbstractState) -> None:
        """`loop.last` said with the index and the length of the list."""
        loop = state.slots.get("loop", NOTHING)
        over, names = next(
            (a.more[1:3] for a in loop if isinstance(a, Thing) and a.shape == "loop"), ("", frozenset())
        )
        size = f"{over} | length"
        counted = {
            f"loop.index0 < ({size} - 1)": not last,
            f"loop.index < {size}": not last,
            f"(loop.index0 + 1) < {size}": not last,
            f"loop.index0 == ({size} - 1)": last,
            f"loop.index == {size}": last,
            f"loop.index0 != ({size} - 1)": not last,
            f"loop.index != {size}": not last,
        }
        said = {"loop.revindex0 == 0": last, "loop.revindex == 1": last, **(counted if over else {})}
        for text, truth in said.items():
            state.facts[text] = (known(truth), frozenset({"loop", *names}))

    def _maybe_refined(self, test: nodes.Node, truth: bool, state: AbstractState) -> AbstractState | None:
        try:
            return self._refined(source.unwatched(test), truth, state)
        except DeadError:
            return None

    def _compared(self, test: nodes.Compare, truth: bool, state: AbstractState) -> None:
        left, operand = source.unwatched(test.expr), test.ops[0]
        right = self.value(operand.expr, state)
        if operand.op in ("in", "notin") and isinstance(left, nodes.Const):
            self._has_key(operand.expr, left.value, right, truth == (operand.op == "in"), state)
            return
        self._measured(left, operand.op, right, truth, state)
        self._bounded(left, operand.op, source.unwatched(operand.expr), truth, state)
        constants: list[Any] | None = None
        if operand.op in ("eq", "ne") and len(right) == 1:
            constants = [a.value for a in right if isinstance(a, Known)] or None
        elif operand.op in ("in", "notin") and len(right) == 1:
            listed = next(iter(right))
            if isinstance(listed, Thing) and listed.shape == "literal":
                items = [next(iter(v)) for v in listed.more if len(v) == 1]
                if len(items) == len(listed.more) and all(isinstance(i, Known) for i in items):
                    constants = [i.value for i in items]
        if constants is None:
            return
        before = self.value(left, state)
        if truth == (operand.op in ("eq", "in")):
            self._learn(left, only(before, constants), state)
        else:
            self._learn(left, without(before, constants), state)

    def _measured(self, left: Any, operation: str, right: Value, truth: bool, state: AbstractState) -> None:
        """`x | length > 0` and its kin tell whether `x` is empty."""
        if not isinstance(left, nodes.Filter) or left.name not in ("length", "count") or len(right) != 1:
            return
        limit = next(iter(right))
        compare = LENGTHS.get(operation)
        if (
            compare is None
            or not isinstance(limit, Known)
            or type(limit.value) is not int
            or left.node is None
        ):
            return
        # Nothing changes far from the limit, and counting up to a template's number can take for ever.
        tried = {0, 1, limit.value - 1, limit.value, limit.value + 1}
        sizes = [n for n in sorted(tried) if n >= 0 and compare(n, limit.value) == truth]
        whole = self.value(left.node, state)
        if sizes and 0 not in sizes:
            self._learn(left.node, by_truth(whole, True), state)
        elif sizes == [0]:
            self._learn(left.node, by_truth(whole, False), state)

    def _bounded(
        self, left: nodes.Expr, operation: str, right: nodes.Expr, truth: bool, state: AbstractState
    ) -> None:
        """The larger side of `a < b` is a number from the least of the other side upwards."""
        if operation not in ("lt", "lteq", "gt", "gteq"):
            return
        larger, smaller = (left, right) if (operation in ("gt", "gteq")) == truth else (right, left)
        low = min((_least(a) for a in self.value(smaller, state)), default=None, key=_known_first)
        if low is not None:
            self._learn(larger, at_least(self.value(larger, state), low), state)

    def _has_key(
        self, mapping: nodes.Expr, key: Any, value: Value, there: bool, state: AbstractState
    ) -> None:
        """`'key' in mapping` tells whether `mapping.key` is there."""
        if not all(isinstance(a, Thing) and self.world.is_mapping(a) for a in value):
            return
        held = union(*(self.world.field(a, key) or MISSING for a in value))  # type: ignore[arg-type]
        known_now = held - MISSING if there else held & MISSING
        if known_now and isinstance(key, str):
            state.facts[source.member(mapping, key)] = (known_now, source.names(mapping))

    def _space(self, node: nodes.Node, state: AbstractState) -> Slot | None:
        """The slot of `ns.x` where `ns` is one namespace."""
        if not isinstance(node, nodes.Getattr) or not isinstance(node.node, nodes.Name):
            return None
        held = state.slots.get(node.node.name, MISSING)
        only_one = next(iter(held)) if len(held) == 1 and node.attr not in self.effects.unknown else None
        if isinstance(only_one, Thing) and only_one.shape == "namespace":
            return (str(only_one.more), node.attr)
        return None

    def _other_names(self, node: nodes.Node, state: AbstractState) -> list[str]:
        """The other names under which a message holds what `message.name` holds."""
        if not isinstance(node, nodes.Getattr):
            return []
        names = next((m.keys for m in members(Shape.MESSAGE) if node.attr in m.keys), ())
        held = self.value(node.node, state) if len(names) > 1 else NOTHING
        if not held or not all(isinstance(a, Thing) and a.shape == "message" for a in held):
            return []
        return [f"{source.text(node.node)}.{name}" for name in names if name != node.attr]

    def _learn(self, node: nodes.Node, value: Value, state: AbstractState) -> None:
        if not value:
            raise DeadError
        node = source.unwatched(node)
        if isinstance(node, nodes.Const):
            return
        if isinstance(node, nodes.Name):
            state.slots[node.name] = value
            return
        space = self._space(node, state)
        if space is not None:
            state.slots[space] = value
            return
        if not self.repeats(node, state):
            return
        state.facts[source.text(node)] = (value, source.names(node))
        for other in self._other_names(node, state):
            state.facts[other] = (value, source.names(node))
        field = field_got(node)
        if field is not None and isinstance(node, nodes.Call) and len(node.args) == 1:
            # `m.get('k')` tells about `m.k`, where None stands for what is not there.
            held = frozenset(MISSING if None in _constants(value) else NOTHING) | (value - known(None))
            state.facts[field] = (held, source.names(node))

    def repeats(self, node: nodes.Node, state: AbstractState) -> bool:
        """Whether an expression comes out the same as long as the names in it do, and what they hold.

        Not one that calls a macro or what called it: those read what has other names, and namespaces. Nor one
        that counts how often it is asked, or that takes items from what gives them once.
        """
        if not (_is_steady(node) and all(self._is_pure(call.node, state) for call in source.calls(node))):
            return False
        if self.effects.unknown and any(self._is_unknown(g, state) for g in _attributes(node)):
            return False
        return not self.effects.streams or not any(self._may_run_dry(n, state) for n in source.names(node))

    def _is_pure(self, function: nodes.Node, state: AbstractState) -> bool:
        if isinstance(function, nodes.Getattr):
            return function.attr in _METHODS
        held = state.slots.get(function.name, NOTHING) if isinstance(function, nodes.Name) else NOTHING
        return bool(held) and all(
            isinstance(a, Thing) and a.shape == "function" and a.more in _FUNCTIONS for a in held
        )

    def _is_unknown(self, attribute: nodes.Getattr, state: AbstractState) -> bool:
        if attribute.attr not in self.effects.unknown or not isinstance(attribute.node, nodes.Name):
            return False
        held = state.slots.get(attribute.node.name, NOTHING)
        return any(isinstance(a, Anything) or (isinstance(a, Thing) and a.shape == "namespace") for a in held)

    def _may_run_dry(self, name: str, state: AbstractState) -> bool:
        """Whether it holds, or may hold, what gives its items once."""
        open_: list[Any] = list(state.slots.get(name, NOTHING))
        while open_:
            atom = open_.pop()
            if isinstance(atom, Anything) or (isinstance(atom, Thing) and atom.shape in ("stream", "pairs")):
                return True
            if isinstance(atom, Thing) and atom.shape == "namespace":
                open_ += [a for s, v in state.slots.items() if s[0] == atom.more for a in v]
            elif isinstance(atom, Thing) and atom.shape == "list":
                open_ += atom.more
            elif isinstance(atom, Thing) and atom.shape == "literal":
                open_ += [a for item in atom.more for a in item]
            elif isinstance(atom, Thing) and atom.shape == "map":
                open_ += [a for _, item in atom.more for a in item]
        return False


# Methods whose result depends on the value and the arguments alone, and functions.
_METHODS = frozenset(name for of in (str, dict, list) for name in dir(of))
_FUNCTIONS = ("range", "dict", "strftime_now")


def _is_steady(node: nodes.Node) -> bool:
    """Whether nothing in it is drawn by chance, or moves on by itself: `random`, the place of a cycler."""
    if "_steady" not in node.__dict__:
        whole = [node, *node.find_all((nodes.Filter, nodes.Getattr))]
        node._steady = not any(  # type: ignore[attr-defined]
            (isinstance(n, nodes.Filter) and n.name == "random")
            or (isinstance(n, nodes.Getattr) and n.attr == "current")
            for n in whole
        )
    return bool(node._steady)  # type: ignore[attr-defined]


def _attributes(node: nodes.Node) -> list[nodes.Getattr]:
    return [*([node] if isinstance(node, nodes.Getattr) else ()), *node.find_all(nodes.Getattr)]


def _least(atom: Atom) -> int | None:
    """The least whole number that it can be; None where that is not known."""
    if isinstance(atom, Known):
        return atom.value if type(atom.value) is int else None
    return atom.low if isinstance(atom, SomeNumber) else None


def _known_first(low: int | None) -> float:
    return float("-inf") if low is None else low


def _constants(value: Value) -> list[Any]:
    return [a.value for a in value if isinstance(a, Known)]
