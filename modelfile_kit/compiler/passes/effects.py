"""What a statement with all inside it does: the variables it reads and writes, and whether it can be seen."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import nodes as go
from ..ir.nodes import Node, Nodes, Test


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
