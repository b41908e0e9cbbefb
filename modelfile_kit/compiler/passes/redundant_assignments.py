"""Drops assignments of a constant that the variable holds already."""

from __future__ import annotations

from ..ir import nodes as go
from ..ir.nodes import Node, Nodes
from .effects import effects


def drop_redundant_assignments(nodes: Nodes) -> Nodes:
    """Follows what constants the variables hold, through branches and loops.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> x, flag = go.Var(1, "x"), go.Atom(go.Root("A"))
    >>> again = go.If(flag, (go.Set(x, go.Lit("a")), go.Text("b")))
    >>> before = (go.Declare(x, go.Lit("a")), again, go.Print(x))
    >>> print(emit(before))
    {{ $x := "a" }}
    {{- if .A }}
    {{- $x = "a" }}b
    {{- end }}{{ $x }}
    >>> print(emit(drop_redundant_assignments(before)))
    {{ $x := "a" }}
    {{- if .A }}b
    {{- end }}{{ $x }}
    """
    return _block(nodes, {})


def _block(nodes: Nodes, known: dict[int, go.Expr]) -> Nodes:
    out: list[Node] = []
    for n in nodes:
        if isinstance(n, (go.Declare, go.Set)):
            if isinstance(n, go.Set) and isinstance(n.expr, go.Lit) and known.get(n.var.id) == n.expr:
                continue
            known.pop(n.var.id, None)
            if isinstance(n.expr, go.Lit):
                known[n.var.id] = n.expr
        elif isinstance(n, (go.If, go.Range)):
            changed = effects(n).assigned
            if isinstance(n, go.If):
                n = go.If(
                    n.test,
                    _block(n.then, dict(known)),
                    _block(n.orelse, dict(known)),
                    n.origin,
                )
            else:
                inside = {k: v for k, v in known.items() if k not in changed}
                body = _block(n.body, inside)
                n = go.Range(n.loop, n.over, body, n.item, n.index, n.count, n.origin)
            for k in changed:
                known.pop(k, None)
        out.append(n)
    return tuple(out)
