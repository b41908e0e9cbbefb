"""Dead-code elimination: drops variables that nothing printed depends on, and what only computed them."""

from __future__ import annotations

from functools import partial

from ..ir import nodes as go
from ..ir.nodes import Node, Nodes
from .effects import effects


def eliminate_dead_code(nodes: Nodes) -> Nodes:
    """Keeps what prints, fails or leaves a loop, and what that depends on.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> x = go.Var(1, "x")
    >>> unread = go.If(go.Atom(go.Root("A")), (go.Set(x, go.Lit(2)),))
    >>> before = (go.Declare(x, go.Lit(1)), unread, go.Text("a"))
    >>> print(emit(before))
    {{ $x := 1 }}
    {{- if .A }}
    {{- $x = 2 }}
    {{- end }}a
    >>> print(emit(eliminate_dead_code(before)))
    a
    """
    live: set[int] = set()
    while True:
        before = len(live)
        _mark_live(nodes, live, in_loop=False)
        if len(live) == before:
            return _without_dead(nodes, live, in_loop=False)


def _is_live(n: Node, live: set[int], in_loop: bool) -> bool:
    if isinstance(n, (go.Declare, go.Set)):
        return n.var.id in live
    f = effects(n)
    shown = f.shows or not live.isdisjoint(f.assigned) or not live.isdisjoint(f.declared)
    return shown or (in_loop and f.leaves)


def _mark_live(nodes: Nodes, live: set[int], in_loop: bool) -> None:
    for n in reversed(nodes):
        if _is_live(n, live, in_loop):
            live |= effects(n).own
            for block in go.blocks(n):
                _mark_live(block, live, in_loop or isinstance(n, go.Range))


def _without_dead(nodes: Nodes, live: set[int], in_loop: bool) -> Nodes:
    out: list[Node] = []
    for n in nodes:
        if _is_live(n, live, in_loop):
            inside = in_loop or isinstance(n, go.Range)
            out.append(go.with_blocks(n, partial(_without_dead, live=live, in_loop=inside)))
    return tuple(out)
