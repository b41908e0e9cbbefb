"""Work that was done before is not done again, and work for nothing is not done at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..ir import nodes as go
from ..ir.nodes import Expr, Node, Nodes, Test
from .alpha_rename import renamed

# Statements that are looked at together: the longest idiom (a strip) has four.
LONGEST = 6


def done_once(nodes: Nodes) -> Nodes:
    """A variable that would be worked out a second time from the same things is the first one."""
    return _Sharing().block(nodes, {})


def written(nodes: Nodes) -> set[int]:
    """The variables that statements assign to or declare."""
    return {v for n in nodes for f in (facts(n),) for v in f.assigned | f.declared}


def read(nodes: Nodes) -> set[int]:
    """The variables that statements look at."""
    return {v for n in nodes for v in facts(n).reads}


def declared(nodes: Nodes) -> set[int]:
    """The variables that statements declare."""
    return {v for n in nodes for v in facts(n).declared}


def assigned(nodes: Nodes) -> set[int]:
    """The variables that statements assign to."""
    return {v for n in nodes for v in facts(n).assigned}


@dataclass(frozen=True)
class Facts:
    """What a statement with all inside it does, worked out once a statement.

    shows: it writes text or fails; leaves: it may end the loop it stands in; assigned, declared and
    reads: ids of variables; own: those it reads itself, not in its blocks.
    """

    shows: bool
    leaves: bool
    assigned: frozenset[int]
    declared: frozenset[int]
    reads: frozenset[int]
    own: frozenset[int]


_NONE: frozenset[int] = frozenset()


def facts(n: Node) -> Facts:
    """See `Facts`."""
    known: Facts | None = n.__dict__.get("_facts")
    if known is None:
        n.__dict__["_facts"] = known = _look(n)
    return known


def _look(n: Node) -> Facts:
    parts = [facts(x) for block in go.blocks(n) for x in block]
    own = frozenset(x.id for e in go.node_exprs(n) for x in go.walk(e) if isinstance(x, go.Var))
    shows = isinstance(n, (go.Text, go.Print, go.Include, go.Fail)) or any(f.shows for f in parts)
    exits = isinstance(n, (go.Break, go.Continue)) or any(f.leaves for f in parts)
    declared = frozenset((n.var.id,)) if isinstance(n, go.Declare) else _NONE
    assigned = frozenset((n.var.id,)) if isinstance(n, go.Set) else _NONE
    return Facts(
        shows,
        exits and not isinstance(n, go.Range),
        assigned.union(*(f.assigned for f in parts)) if parts else assigned,
        declared.union(*(f.declared for f in parts)) if parts else declared,
        own.union(*(f.reads for f in parts)) if parts else own,
        own,
    )


def kin(n: Node) -> int:
    """A number that is equal for statements which differ in nothing but their variables."""
    known: int | None = n.__dict__.get("_kin")
    if known is None:
        count = isinstance(n, go.Range) and n.count
        inner = (tuple(map(kin, block)) for block in go.blocks(n))
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
class _Work:
    """What was worked out: the variables it declared in their order, and what it depends on."""

    made: tuple[go.Var, ...]
    needs: frozenset[int]

    def survives(self, changed: set[int]) -> bool:
        return not (self.needs & changed or any(v.id in changed for v in self.made))


# By kin first, which costs nothing to compare; then by shape, which is certain.
Known = dict[tuple[int, ...], list[tuple[Nodes, _Work]]]


class _Sharing:
    def block(self, nodes: Nodes, known: Known) -> Nodes:
        known = dict(known)
        out: list[Node] = []
        rest = list(nodes)
        while rest:
            found = self.again(rest, known)
            if found:
                count, names = found
                rest = [renamed(n, names) for n in rest[count:]]
                continue
            n = self.inside(rest.pop(0), known)
            known = _surviving(known, written((n,)))
            out.append(n)
            self.remember(out, known)
        return tuple(out)

    def inside(self, n: Node, known: Known) -> Node:
        if isinstance(n, go.If):
            then, orelse = self.block(n.then, known), self.block(n.orelse, known)
            return n if then == n.then and orelse == n.orelse else replace(n, then=then, orelse=orelse)
        if isinstance(n, go.Range):
            body = self.block(n.body, _surviving(known, written(n.body)))
            return n if body == n.body else replace(n, body=body)
        return n

    def again(self, rest: list[Node], known: Known) -> tuple[int, dict[go.Var, go.Expr]] | None:
        """How many statements only repeat known work, and the names of what they would have made."""
        if not known or not isinstance(rest[0], go.Declare):
            return None
        for count in range(min(LONGEST, len(rest)), 1, -1):
            nodes = tuple(rest[:count])
            for first, work in known.get(tuple(map(kin, nodes)), ()):
                made = _work(nodes)
                if made is None or _Shape().block(first) != _Shape().block(nodes):
                    continue
                changed = assigned(tuple(rest[count:]))
                if not changed & {v.id for v in made.made + work.made}:
                    return count, dict(zip(made.made, work.made, strict=True))
        return None

    def remember(self, out: list[Node], known: Known) -> None:
        """All that the last statements have made, by what they do."""
        for count in range(1, min(LONGEST, len(out)) + 1):
            nodes = tuple(out[-count:])
            if facts(nodes[0]).shows or facts(nodes[0]).leaves:
                return
            if count > 1 and isinstance(nodes[0], go.Declare) and (work := _work(nodes)):
                key = tuple(map(kin, nodes))
                known[key] = [*known.get(key, ()), (nodes, work)]


def _surviving(known: Known, changed: set[int]) -> Known:
    """What is still true after variables have changed."""
    if not changed:
        return known
    kept = {k: [(n, w) for n, w in works if w.survives(changed)] for k, works in known.items()}
    return {k: works for k, works in kept.items() if works}


def _work(nodes: Nodes) -> _Work | None:
    """What statements make, if all they do is to make the variables they declare."""
    if not any(isinstance(n, (go.If, go.Range)) for n in nodes):
        return None
    all_facts = [facts(n) for n in nodes]
    if any(f.shows or f.leaves for f in all_facts):
        return None
    inner = frozenset().union(*(f.declared for f in all_facts))
    if not all(f.assigned <= inner for f in all_facts):
        return None
    made = tuple(n.var for n in nodes if isinstance(n, go.Declare))
    return _Work(made, frozenset().union(*(f.reads for f in all_facts)) - inner)


class _Shape:
    """Statements as a key in which variables and loops are numbered."""

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


# --- work for nothing -------------------------------------------------------------------------------


def without_unread(nodes: Nodes) -> Nodes:
    """Drops variables that nothing shown depends on, and what only computed them."""
    live: set[int] = set()
    while True:
        before = len(live)
        _mark(nodes, live, in_loop=False)
        if len(live) == before:
            return _kept(nodes, live, in_loop=False)


def _stays(n: Node, live: set[int], in_loop: bool) -> bool:
    if isinstance(n, (go.Declare, go.Set)):
        return n.var.id in live
    f = facts(n)
    shown = f.shows or not live.isdisjoint(f.assigned) or not live.isdisjoint(f.declared)
    return shown or (in_loop and f.leaves)


def _mark(nodes: Nodes, live: set[int], in_loop: bool) -> None:
    for n in reversed(nodes):
        if _stays(n, live, in_loop):
            live |= facts(n).own
            for block in go.blocks(n):
                _mark(block, live, in_loop or isinstance(n, go.Range))


def _kept(nodes: Nodes, live: set[int], in_loop: bool) -> Nodes:
    out: list[Node] = []
    for n in nodes:
        if _stays(n, live, in_loop):
            if isinstance(n, go.If):
                n = replace(n, then=_kept(n.then, live, in_loop), orelse=_kept(n.orelse, live, in_loop))
            elif isinstance(n, go.Range):
                n = replace(n, body=_kept(n.body, live, in_loop=True))
            out.append(n)
    return tuple(out)
