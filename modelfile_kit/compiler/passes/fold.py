"""Constant folding of conditions and branches."""

from __future__ import annotations

from ..ir import nodes as go
from ..ir.nodes import Node, Nodes
from .effects import declared, effects


def fold(nodes: Nodes) -> Nodes:
    """Drops branches that never run, empty statements and what follows an exit; joins nested conditions.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> a, b = go.Atom(go.Root("A")), go.Atom(go.Root("B"))
    >>> never = go.If(go.FALSE, (go.Text("x"),), (go.Text("<p>"),))
    >>> before = (never, go.If(a, (go.If(b, (go.Text("c"), go.Text("d"))),)))
    >>> print(emit(before))
    {{ if false }}x
    {{- else }}<p>
    {{- end }}
    {{- if .A }}
    {{- if .B }}cd
    {{- end }}
    {{- end }}
    >>> print(emit(fold(before)))
    <p>
    {{- if and .A .B }}cd
    {{- end }}
    """
    out: list[Node] = []
    for n in nodes:
        for simple in _node(n):
            last = out[-1] if out else None
            if isinstance(simple, go.Text) and isinstance(last, go.Text):
                out[-1] = go.together(go.Text(last.text + simple.text), last, simple)
            elif not (isinstance(simple, go.Text) and not simple.text):
                out.append(simple)
            if isinstance(simple, (go.Fail, go.Break, go.Continue)):
                return tuple(out)
    return tuple(out)


def _node(n: Node) -> list[Node]:
    if isinstance(n, go.If):
        return _if(n)
    if isinstance(n, go.Range):
        done = go.with_blocks(n, fold)
        return [done] if any(go.blocks(done)) else []
    if isinstance(n, go.Print) and isinstance(n.expr, go.Lit):
        return [go.Text(str(n.expr.value), n.origin)]
    return [n]


def _if(n: go.If) -> list[Node]:
    then, orelse = fold(n.then), fold(n.orelse)
    if isinstance(n.test, go.Truth):
        return list(then if n.test.value else orelse)
    if then == orelse:
        return list(then)
    before, then, orelse = _common_head(then, orelse)
    then, orelse, after = _common_tail(then, orelse)
    choice = _choice(n.test, then, orelse)
    # where nothing changed the statement itself stays, with all that is remembered about it
    same = len(choice) == 1 and choice[0] == n and not choice[0].origin
    done = (n,) if same else (go.together(c, n) if isinstance(c, go.If) else c for c in choice)
    return [*before, *done, *after]


def _choice(test: go.Test, then: Nodes, orelse: Nodes) -> list[Node]:
    if not then and not orelse:
        return []
    if not then:
        return _choice(go.negate(test), orelse, ())
    if isinstance(test, go.Not) and orelse and not (len(orelse) == 1 and isinstance(orelse[0], go.If)):
        return [go.If(test.test, orelse, then)]
    if len(then) == 1 and isinstance(inner := then[0], go.If):
        if inner.orelse == orelse:
            return [go.If(go.both(test, inner.test), inner.then, orelse, inner.origin)]
        if inner.then == orelse and orelse:
            return [go.If(go.both(test, go.negate(inner.test)), inner.orelse, orelse, inner.origin)]
    if len(orelse) == 1 and isinstance(other := orelse[0], go.If) and other.then == then:
        return [go.If(go.either(test, other.test), then, other.orelse, other.origin)]
    return [go.If(test, then, orelse)]


def _common_head(a: Nodes, b: Nodes) -> tuple[list[Node], Nodes, Nodes]:
    """Statements both paths begin with; only texts and prints, on which no test depends."""
    head: list[Node] = []
    while a and b and a[0] == b[0] and isinstance(a[0], (go.Text, go.Print)):
        head.append(go.together(a[0], b[0]))
        a, b = a[1:], b[1:]
    return head, a, b


def _common_tail(a: Nodes, b: Nodes) -> tuple[Nodes, Nodes, list[Node]]:
    tail: list[Node] = []
    while a and b and isinstance(a[-1], (go.Text, go.Print)) and a[-1] == b[-1]:
        if effects(a[-1]).reads & declared(a + b):
            break
        tail.insert(0, go.together(a[-1], b[-1]))
        a, b = a[:-1], b[:-1]
    return a, b, tail
