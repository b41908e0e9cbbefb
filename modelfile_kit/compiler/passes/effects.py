"""What a statement with all inside it does: the variables it reads and writes, whether it can be seen, and
what is worked out in any case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..ir import nodes as go
from ..ir.nodes import Expr, Node, Nodes, Test


@dataclass(frozen=True)
class Effects:
    """What a statement does, computed once for each.

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


def effects(n: Node) -> Effects:
    """The effects of a statement; see `Effects`."""
    known: Effects | None = n.__dict__.get("_effects")
    if known is None:
        n.__dict__["_effects"] = known = _look(n)
    return known


def _look(n: Node) -> Effects:
    parts = [effects(x) for block in go.blocks(n) for x in block]
    own = go.node_variables(n)
    shows = isinstance(n, (go.Text, go.Print, go.Include, go.Fail)) or any(f.shows for f in parts)
    exits = isinstance(n, (go.Break, go.Continue)) or any(f.leaves for f in parts)
    declared = frozenset((n.var.id,)) if isinstance(n, go.Declare) else _NONE
    assigned = frozenset((n.var.id,)) if isinstance(n, go.Set) else _NONE
    return Effects(
        shows,
        exits and not isinstance(n, go.Range),
        assigned.union(*(f.assigned for f in parts)) if parts else assigned,
        declared.union(*(f.declared for f in parts)) if parts else declared,
        own.union(*(f.reads for f in parts)) if parts else own,
        own,
    )


def assigned(nodes: Nodes) -> set[int]:
    """The variables that statements assign to."""
    return {v for n in nodes for v in effects(n).assigned}


def declared(nodes: Nodes) -> set[int]:
    """The variables that statements declare."""
    return {v for n in nodes for v in effects(n).declared}


def written(nodes: Nodes) -> set[int]:
    """The variables that statements assign to or declare."""
    return {v for n in nodes for f in (effects(n),) for v in f.assigned | f.declared}


def read(nodes: Nodes) -> set[int]:
    """The variables that statements read."""
    return {v for n in nodes for v in effects(n).reads}


def asked(test: Test) -> set[int]:
    """The variables that a test reads."""
    return set(go.test_variables(test))


def worked_out(n: Node) -> Iterator[Expr]:
    """The expressions that a statement works out in any case, with their parts; none of its blocks."""
    if isinstance(n, go.If):
        test: Test = n.test
        while isinstance(test, (go.Not, go.All, go.Some)):
            test = test.test if isinstance(test, go.Not) else test.tests[0]
        first = go.test_exprs(test)
    else:
        first = go.node_exprs(n)
    for e in first:
        yield from _certain(e)


def _certain(e: Expr) -> Iterator[Expr]:
    """The parts of an expression that are worked out in any case: `and` and `or` may stop at the first."""
    yield e
    if isinstance(e, go.Field):
        yield from _certain(e.base)
    elif isinstance(e, go.Call):
        for part in e.args[:1] if e.fn in ("and", "or") else e.args:
            yield from _certain(part)
