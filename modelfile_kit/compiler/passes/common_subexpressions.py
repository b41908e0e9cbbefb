"""Common-subexpression elimination: what was computed before, and still holds, is not computed again.

What repeats in a TEMPLATE are runs of statements, such as the loop that strips a text, so they are compared
as runs: two are the same where they differ in the names of their variables alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..ir import nodes as go
from ..ir.nodes import Expr, Node, Nodes, Test
from .alpha_rename import renamed
from .effects import assigned, effects, written

# Statements that are compared as one run: the longest idiom (a strip) has four.
LONGEST = 6


def eliminate_common_subexpressions(nodes: Nodes) -> Nodes:
    """Replaces the variables of a repeated computation by those of the first.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> def last(var, loop):
    ...     found = go.Set(var, go.Item(loop))
    ...     return go.Declare(var, go.Lit("")), go.Range(loop, go.Root("L"), (found,)), go.Print(var)
    >>> before = (*last(go.Var(1, "x"), 1), *last(go.Var(2, "y"), 2))
    >>> print(emit(before))
    {{ $x := "" }}
    {{- range .L }}
    {{- $x = . }}
    {{- end }}{{ $x }}
    {{- $y := "" }}
    {{- range .L }}
    {{- $y = . }}
    {{- end }}{{ $y }}
    >>> print(emit(eliminate_common_subexpressions(before)))
    {{ $x := "" }}
    {{- range .L }}
    {{- $x = . }}
    {{- end }}{{ $x }}{{ $x }}
    """
    return _Elimination().block(nodes, {})


def _kin(n: Node) -> int:
    """A number that is equal for statements which differ in nothing but their variables."""
    known: int | None = n.__dict__.get("_kin")
    if known is None:
        count = isinstance(n, go.Range) and n.count
        inner = (tuple(map(_kin, block)) for block in go.blocks(n))
        n.__dict__["_kin"] = known = hash((type(n).__name__, count, *map(_kin_of, go.node_exprs(n)), *inner))
    return known


def _kin_of(e: Expr) -> Any:
    if isinstance(e, go.Call):
        return e.fn, tuple(map(_kin_of, e.args))
    if isinstance(e, go.Operation):
        return e.on(go.Dot()), _kin_of(e.operand)
    if isinstance(e, go.Field):
        return e.name, _kin_of(e.base)
    if isinstance(e, go.Lit):
        return type(e.value).__name__, e.value
    return e.name if isinstance(e, go.Root) else type(e).__name__


@dataclass(frozen=True)
class _Computation:
    """What a run of statements computes: the variables it declares in their order, and what it depends on."""

    made: tuple[go.Var, ...]
    needs: frozenset[int]

    def survives(self, changed: set[int]) -> bool:
        """Whether its variables still hold the same once others have changed."""
        return not (self.needs & changed or any(v.id in changed for v in self.made))


# Runs that were computed, by their kin: comparing that costs nothing; whether they are the same is asked
# of the few that are left.
_Available = dict[tuple[int, ...], list[tuple[Nodes, _Computation]]]


class _Elimination:
    """A walk over blocks with the computations that are available at each place."""

    def block(self, nodes: Nodes, outer: _Available) -> Nodes:
        available = dict(outer)
        out: list[Node] = []
        rest = list(nodes)
        while rest:
            found = self.repeated(rest, available)
            if found:
                count, names = found
                rest = [renamed(n, names) for n in rest[count:]]
                continue
            n = self.inside(rest.pop(0), available)
            available = _surviving(available, written((n,)))
            out.append(n)
            self.record(out, available)
        return tuple(out)

    def inside(self, n: Node, available: _Available) -> Node:
        """A statement with its blocks done."""
        if isinstance(n, go.Range):
            # what the body changes is not what it was on the next iteration
            available = _surviving(available, written(n.body))
        return go.with_blocks(n, lambda block: self.block(block, available))

    def repeated(self, rest: list[Node], available: _Available) -> tuple[int, dict[go.Var, go.Expr]] | None:
        """How many statements repeat an available computation, and its variables for theirs."""
        if not available or not isinstance(rest[0], go.Declare):
            return None
        for count in range(min(LONGEST, len(rest)), 1, -1):
            nodes = tuple(rest[:count])
            for first, known in available.get(tuple(map(_kin, nodes)), ()):
                again = _computation(nodes)
                if again is None or _Key().block(first) != _Key().block(nodes):
                    continue
                changed = assigned(tuple(rest[count:]))
                if not changed & {v.id for v in again.made + known.made}:
                    return count, dict(zip(again.made, known.made, strict=True))
        return None

    def record(self, out: list[Node], available: _Available) -> None:
        """Makes what the last statements have computed available."""
        for count in range(1, min(LONGEST, len(out)) + 1):
            nodes = tuple(out[-count:])
            if effects(nodes[0]).shows or effects(nodes[0]).leaves:
                return
            if count > 1 and isinstance(nodes[0], go.Declare) and (found := _computation(nodes)):
                key = tuple(map(_kin, nodes))
                available[key] = [*available.get(key, ()), (nodes, found)]


def _surviving(available: _Available, changed: set[int]) -> _Available:
    """What still holds after variables have changed."""
    if not changed:
        return available
    kept = {k: [(n, c) for n, c in runs if c.survives(changed)] for k, runs in available.items()}
    return {k: runs for k, runs in kept.items() if runs}


def _computation(nodes: Nodes) -> _Computation | None:
    """What statements compute, if all they do is to give the variables they declare their values."""
    if not any(isinstance(n, (go.If, go.Range)) for n in nodes):
        return None
    found = [effects(n) for n in nodes]
    if any(f.shows or f.leaves for f in found):
        return None
    inner = frozenset().union(*(f.declared for f in found))
    if not all(f.assigned <= inner for f in found):
        return None
    made = tuple(n.var for n in nodes if isinstance(n, go.Declare))
    return _Computation(made, frozenset().union(*(f.reads for f in found)) - inner)


class _Key:
    """Statements as a key in which variables and loops are numbered, so that their names do not count."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def number(self, what: Any) -> Any:
        return self.numbers.get(what, what)

    def new(self, what: Any) -> None:
        self.numbers[what] = len(self.numbers)

    def block(self, nodes: Nodes) -> Any:
        return tuple(map(self.node, nodes))

    def node(self, n: Node) -> Any:
        if isinstance(n, go.Declare):
            value = self.expr(n.expr)
            self.new(("v", n.var.id))
            return "declare", value
        if isinstance(n, go.Set):
            return "set", self.number(("v", n.var.id)), self.expr(n.expr)
        if isinstance(n, go.If):
            return "if", self.test(n.test), self.block(n.then), self.block(n.orelse)
        if isinstance(n, go.Range):
            over = self.expr(n.over)
            self.new(("l", n.loop))
            return "range", over, n.count, self.block(n.body)
        return n

    def expr(self, e: Expr) -> Any:
        if isinstance(e, go.Var):
            return self.number(("v", e.id))
        if isinstance(e, (go.Item, go.Index)):
            return type(e).__name__, self.number(("l", e.loop))
        if isinstance(e, go.Field):
            return "field", self.expr(e.base), e.name
        if isinstance(e, go.Call):
            return e.fn, tuple(map(self.expr, e.args))
        if isinstance(e, go.Operation):
            return e.on(go.Dot()), self.expr(e.operand)
        return type(e).__name__, e, type(getattr(e, "value", None)).__name__

    def test(self, t: Test) -> Any:
        if isinstance(t, go.Atom):
            return "atom", self.expr(t.expr)
        if isinstance(t, go.Not):
            return "not", self.test(t.test)
        if isinstance(t, (go.All, go.Some)):
            return type(t).__name__, tuple(map(self.test, t.tests))
        return t
