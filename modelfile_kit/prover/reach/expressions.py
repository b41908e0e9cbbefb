"""Expressions over abstract values: what each can be."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from jinja2 import nodes

from ...huggingface import jinja_source as source
from . import filters, operations
from .effects import Effects
from .shapes import World
from .state import AbstractState, DeadError
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
    by_truth,
    constant,
    equals,
    is_text,
    known,
    list_of,
    outcome,
    thing,
    truths,
    union,
)

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "/": operator.truediv,
    "**": operator.pow,
}
_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


# Expressions evaluated and statements executed, by state; of 186 real templates one reaches it.
STEPS_MAX = 60_000


def not_settled(steps: int) -> str:
    """In words: so many steps were not enough."""
    return f"whether it can be taken was not settled in {steps:,} steps"


class TooLongError(Exception):
    """More than STEPS_MAX steps."""


class Expressions(ABC):
    """Evaluates expressions in a state.

    seen: outcomes that were possible at each watched condition and loop. steps: how many are left. spaces:
    the namespaces that were made. again: what recursive loops were called with, by the id of the loop.
    Subclasses add what tests tell (`refinement`) and calls of macros (`reach`).
    """

    def __init__(self, world: World, effects: Effects) -> None:
        self.world = world
        self.effects = effects
        self.seen: set[tuple[int, int]] = set()
        self.spaces: set[str] = set()
        self.again: dict[int, Value] = {}
        self.watching = True
        self.steps = STEPS_MAX

    def step(self, steps: int = 1) -> None:
        """Counts an expression or statement, and what is as long as many. Raises TooLongError."""
        self.steps -= steps
        if self.steps < 0:
            raise TooLongError

    def value(self, node: nodes.Node, state: AbstractState) -> Value:
        """What an expression can be; raises DeadError where it certainly fails."""
        self.step()
        watched = source.unwatched(node)
        fact = state.facts.get(source.text(node)) if state.facts else None
        if fact is not None and not isinstance(watched, (nodes.And, nodes.Or, nodes.Not)):
            found = fact[0]
            if source.is_watched(watched):
                self.maybe(nodes.Tuple([*watched.iter_child_nodes()], "load"), state)
        else:
            method = getattr(self, "_" + type(watched).__name__.lower(), None)
            found = method(watched, state) if method else ANYTHING
        if not found:
            raise DeadError
        if self.effects.streams and not isinstance(watched, nodes.Filter):
            found = frozenset(map(used_up, found))
        if isinstance(node, nodes.Filter) and watched is not node and self.watching:
            self._note(node, found)
        return found

    def _note(self, node: nodes.Filter, found: Value) -> None:
        """A watched condition or loop: which outcomes are possible."""
        if node.name == "_step":
            return
        number = node.args[0].value  # type: ignore[attr-defined]
        if node.name == "_loop":
            for atom in found:
                self.seen.update((number, n) for n in self.world.rounds(atom))
        else:
            self.seen.update((number, t) for t in truths(found))

    # -- names, attributes, items ----------------------------------------------------------------

    def _name(self, node: nodes.Name, state: AbstractState) -> Value:
        return state.slots.get(node.name, MISSING)

    def _const(self, node: nodes.Const, _: AbstractState) -> Value:
        if isinstance(node.value, (list, tuple, dict)):
            self.step(len(node.value))
        return constant(node.value)

    def _templatedata(self, node: nodes.TemplateData, _: AbstractState) -> Value:
        return known(node.data)

    def _getattr(self, node: nodes.Getattr, state: AbstractState) -> Value:
        return union(*(self._attribute(a, node.attr, state) for a in self.value(node.node, state)))

    def _attribute(self, atom: Any, name: str, state: AbstractState) -> Value:
        if isinstance(atom, Missing):
            return NOTHING
        if isinstance(atom, Thing) and atom.shape == "namespace":
            unknown = name in self.effects.unknown
            return ANYTHING if unknown else state.slots.get((atom.more, name), MISSING)
        if isinstance(atom, Thing) and atom.shape == "loop":
            return operations.loop_attribute(name, atom.more[0])
        if isinstance(atom, Thing):
            return self.world.attribute(atom, name)
        if isinstance(atom, Anything):
            return ANYTHING
        if is_text(atom):
            return thing("method", (name, atom)) if hasattr(str, name) else MISSING
        return MISSING

    def _getitem(self, node: nodes.Getitem, state: AbstractState) -> Value:
        whole = self.value(node.node, state)
        if isinstance(node.arg, nodes.Slice):
            for end in node.arg.iter_child_nodes():
                self.value(end, state)
            return union(*(self._sliced(a, node.arg) for a in whole))
        index = self.value(node.arg, state)
        return union(*(self._item(a, index, node.arg, state) for a in whole))

    def _item(self, atom: Any, index: Value, where: nodes.Expr, state: AbstractState) -> Value:
        keys = [i.value for i in index if isinstance(i, Known)]
        if len(keys) > 1 and len(keys) == len(index):
            return union(*(self._item(atom, known(k), where, state) for k in keys))
        if len(keys) == 1 == len(index) and isinstance(keys[0], str):
            if isinstance(atom, Thing) and self.world.is_mapping(atom):
                found = self.world.field(atom, keys[0]) or MISSING
                # A key that is not there is looked up as a method.
                method = self.world.attribute(atom, keys[0]) if Missing() in found else NOTHING
                return union(found - MISSING, method) or found
            return self._attribute(atom, keys[0], state)
        if isinstance(atom, Missing):
            return NOTHING
        if isinstance(atom, Thing) and self.world.is_mapping(atom):
            return union(MISSING, self.world.pair(atom)[1])
        if isinstance(atom, Thing) and self.world.is_list(atom):
            ends = len(keys) == 1 and keys[0] in (0, -1) and atom.full
            return union(self.world.items(atom), NOTHING if ends else MISSING)
        if is_text(atom):
            return FULL_TEXT | MISSING
        return ANYTHING if isinstance(atom, (Anything, Thing)) else MISSING

    def _sliced(self, atom: Any, where: nodes.Slice) -> Value:
        if isinstance(atom, Thing) and self.world.is_list(atom):
            kept = where.start is None and where.stop is None
            if atom.shape == "literal":
                return list_of(union(*atom.more), full=kept and atom.full)
            return thing(atom.shape, atom.more, full=kept and atom.full)
        if is_text(atom):
            return TEXT
        return ANYTHING if isinstance(atom, (Anything, Thing)) else NOTHING

    # -- literals, operators -----------------------------------------------------------------------

    def _list(self, node: nodes.List, state: AbstractState) -> Value:
        items = tuple(self.value(i, state) for i in node.items)
        return thing("literal", items, full=bool(items))

    _tuple = _list

    def _dict(self, node: nodes.Dict, state: AbstractState) -> Value:
        fields = []
        items = [(self.value(pair.key, state), self.value(pair.value, state)) for pair in node.items]
        for key, value in items:
            if len(key) != 1 or not isinstance(next(iter(key)), Known):
                return ANYTHING
            fields.append((next(iter(key)).value, value))  # type: ignore[union-attr]
        return thing("map", tuple(fields), full=bool(fields))

    def _concat(self, node: nodes.Concat, state: AbstractState) -> Value:
        parts = [self.value(n, state) for n in node.nodes]
        full = any(all(a.full if isinstance(a, SomeText) else False for a in p) for p in parts)
        constant = any(all(isinstance(a, Known) and str(a.value) for a in p) for p in parts)
        return FULL_TEXT if full or constant else TEXT

    def _condexpr(self, node: nodes.CondExpr, state: AbstractState) -> Value:
        found: list[Value] = []
        test = self.value(node.test, state)
        for truth, branch in ((True, node.expr1), (False, node.expr2)):
            if truth in truths(test) and (inside := self.refine(node.test, truth, state)):
                found.append(MISSING if branch is None else self.maybe(branch, inside))
        return union(*found)

    def maybe(self, node: nodes.Node, state: AbstractState) -> Value:
        """A value that may turn out to be impossible."""
        try:
            return self.value(node, state)
        except DeadError:
            return NOTHING

    def _and(self, node: nodes.And, state: AbstractState) -> Value:
        return self._logic(node, state, stops=False)

    def _or(self, node: nodes.Or, state: AbstractState) -> Value:
        return self._logic(node, state, stops=True)

    def _logic(self, node: Any, state: AbstractState, *, stops: bool) -> Value:
        left = self.value(node.left, state)
        found = by_truth(left, stops)
        if (not stops) in truths(left) and (inside := self.refine(node.left, not stops, state)):
            found = union(found, self.maybe(node.right, inside))
        return found

    def _not(self, node: nodes.Not, state: AbstractState) -> Value:
        return outcome(*(not t for t in truths(self.value(node.node, state))))

    def _add(self, node: nodes.Add, state: AbstractState) -> Value:
        left, right = self.value(node.left, state), self.value(node.right, state)
        return union(*(operations.added(a, b, self.world) for a in left for b in right))

    def _arithmetic(self, node: Any, state: AbstractState) -> Value:
        left, right = self.value(node.left, state), self.value(node.right, state)
        compute = _ARITHMETIC[node.operator]
        return union(*(operations.computed(compute, a, b) for a in left for b in right))

    _sub = _mul = _floordiv = _mod = _div = _pow = _arithmetic

    def _neg(self, node: nodes.Neg, state: AbstractState) -> Value:
        return union(*map(operations.negated, self.value(node.node, state)))

    def _pos(self, node: nodes.Pos, state: AbstractState) -> Value:
        self.value(node.node, state)
        return ANYTHING

    # -- comparisons and tests -----------------------------------------------------------------------

    def _compare(self, node: nodes.Compare, state: AbstractState) -> Value:
        left = self.value(node.expr, state)
        if len(node.ops) != 1:
            for o in node.ops:
                self.value(o.expr, state)
            return EITHER
        operation, right = node.ops[0].op, self.value(node.ops[0].expr, state)
        if operation in ("eq", "ne"):
            same = equals(left, right)
            return same if operation == "eq" else outcome(*(not t for t in truths(same)))
        if operation in ("in", "notin"):
            inside: set[bool] = set()
            for a in right:
                inside |= operations.contains(a, left, self.world)
            return outcome(*(t == (operation == "in") for t in inside))
        return union(*(operations.ordered(_ORDER[operation], a, b) for a in left for b in right))

    def _test(self, node: nodes.Test, state: AbstractState) -> Value:
        found = self.value(node.node, state)
        arguments = [self.value(a, state) for a in node.args]
        if self._unpacked(node, state) or node.kwargs:
            for k in node.kwargs:
                self.value(k.value, state)
            return EITHER
        return outcome(*operations.tested(node.name, found, arguments, self.world))

    def _unpacked(self, node: Any, state: AbstractState) -> bool:
        """Whether a call hands over the items of a list or mapping, which nobody counts."""
        unpacked = [part for part in (node.dyn_args, node.dyn_kwargs) if part is not None]
        for part in unpacked:
            self.value(part, state)
        return bool(unpacked)

    def _filter(self, node: nodes.Filter, state: AbstractState) -> Value:
        found = TEXT if node.node is None else self.value(node.node, state)
        arguments = [self.value(a, state) for a in node.args]
        named: dict[str, Value] = {str(k.key): self.value(k.value, state) for k in node.kwargs}
        unpacked = self._unpacked(node, state)
        if node.node is None or unpacked:
            return TEXT if node.node is None else ANYTHING
        return filters.filtered(node.name, found, arguments, named, self.world)

    def _call(self, node: nodes.Call, state: AbstractState) -> Value:
        function = self.value(node.node, state)
        arguments = [self.value(a, state) for a in node.args]
        named = {k.key: self.value(k.value, state) for k in node.kwargs}
        if self._unpacked(node, state) and not any(
            isinstance(f, Thing) and f.shape == "macro" for f in function
        ):
            return ANYTHING
        field = field_got(node)
        if field is not None and field in state.facts:
            held = state.facts[field][0]
            default = arguments[1] if len(arguments) > 1 else known(None)
            return union(held - MISSING, default if Missing() in held else NOTHING)
        return union(*(self._maybe_called(node, f, arguments, named, state) for f in function))

    def _maybe_called(
        self,
        node: nodes.Call,
        function: Atom,
        arguments: list[Value],
        named: dict[str, Value],
        state: AbstractState,
    ) -> Value:
        try:
            return self.call(node, function, arguments, named, state)
        except DeadError:
            return NOTHING

    def call(
        self,
        node: nodes.Call,
        function: Any,
        arguments: list[Value],
        named: dict[str, Value],
        state: AbstractState,
    ) -> Value:
        """A call of a method or function."""
        if isinstance(function, Thing) and function.shape == "method":
            if function.more[0] in ("find", "rfind") and _is_found(node, state):
                return frozenset({SomeNumber(0)})
            return operations.method(function.more[0], function.more[1], arguments, self.world)
        if isinstance(function, Thing) and function.shape == "loop" and arguments:
            loop = function.more[-1]
            self.again[loop] = union(self.again.get(loop, NOTHING), arguments[0])
            return TEXT
        if isinstance(function, Thing) and function.shape == "function":
            if function.more == "namespace":
                key = f"namespace {id(node)}"
                self.spaces.add(key)
                # The one that was made here before is gone.
                for slot in [s for s in state.slots if isinstance(s, tuple) and s[0] == key]:
                    state.assign(slot, MISSING)
                for name, value in named.items():
                    if name not in self.effects.unknown:
                        state.assign((key, name), value)
                return thing("namespace", key)
            if function.more == "range" and len(node.args) == 2:
                # `range(a, b)` where `b > a` has been tested.
                low, high = map(source.text, node.args)
                tested = (state.facts.get(t) for t in (f"{high} > {low}", f"{low} < {high}"))
                if any(fact is not None and truths(fact[0]) == {True} for fact in tested):
                    return list_of(NUMBER, full=True)
            return operations.function(function.more, arguments, named)
        return ANYTHING if isinstance(function, (Anything, Thing)) else NOTHING

    @abstractmethod
    def refine(self, test: nodes.Node, truth: bool, state: AbstractState) -> AbstractState | None:
        """The state in which a test has this truth; None where it cannot."""


def used_up(atom: Atom) -> Atom:
    """What gives its items once may have given them already."""
    if isinstance(atom, Thing) and atom.shape in ("stream", "pairs"):
        return replace(atom, full=False)
    return atom


def _is_found(node: nodes.Call, state: AbstractState) -> bool:
    """Whether `part in text` is known where `text.find(part)` is asked."""
    if not isinstance(node.node, nodes.Getattr) or len(node.args) != 1:
        return False
    fact = state.facts.get(f"{source.text(node.args[0])} in {source.text(node.node.node)}")
    return fact is not None and truths(fact[0]) == {True}


def field_got(node: nodes.Node) -> str | None:
    """`m.k` for a call of `m.get('k')`."""
    if not (isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) and node.args):
        return None
    key = source.unwatched(node.args[0])
    if node.node.attr != "get" or not isinstance(key, nodes.Const) or not isinstance(key.value, str):
        return None
    return source.member(node.node.node, key.value)
