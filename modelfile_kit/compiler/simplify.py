"""Makes the statements what a person would write: nothing dead, nothing twice."""

from __future__ import annotations

from . import go
from .go import Node, Nodes

MAX_ROUNDS = 12


def simplify(nodes: Nodes) -> Nodes:
    """The same output in fewer statements."""
    for _ in range(MAX_ROUNDS):
        before = nodes
        nodes = _block(nodes)
        nodes = _without_unread(nodes)
        if nodes == before:
            break
    return nodes


def _block(nodes: Nodes) -> Nodes:
    out: list[Node] = []
    for n in nodes:
        for simple in _node(n):
            last = out[-1] if out else None
            if isinstance(simple, go.Text) and isinstance(last, go.Text):
                out[-1] = go.Text(last.text + simple.text)
            elif not (isinstance(simple, go.Text) and not simple.text):
                out.append(simple)
            if isinstance(simple, (go.Fail, go.Break, go.Continue)):
                return tuple(out)
    return tuple(out)


def _node(n: Node) -> list[Node]:
    if isinstance(n, go.If):
        return _if(n)
    if isinstance(n, go.Range):
        body = _block(n.body)
        if not body:
            return []
        return [go.Range(n.loop, n.over, body, n.item, n.index, n.count)]
    if isinstance(n, go.Print) and isinstance(n.expr, go.Lit):
        return [go.Text(str(n.expr.value))]
    return [n]


def _if(n: go.If) -> list[Node]:
    then, orelse = _block(n.then), _block(n.orelse)
    if isinstance(n.test, go.Truth):
        return list(then if n.test.value else orelse)
    if then == orelse:
        return list(then)
    before, then, orelse = _common_head(n.test, then, orelse)
    then, orelse, after = _common_tail(then, orelse)
    return [*before, *_choice(n.test, then, orelse), *after]


def _choice(test: go.Test, then: Nodes, orelse: Nodes) -> list[Node]:
    if not then and not orelse:
        return []
    if not then:
        return _choice(go.negate(test), orelse, ())
    if isinstance(test, go.Not) and orelse and not (len(orelse) == 1 and isinstance(orelse[0], go.If)):
        return [go.If(test.test, orelse, then)]
    if len(then) == 1 and isinstance(inner := then[0], go.If):
        if inner.orelse == orelse:
            return [go.If(go.both(test, inner.test), inner.then, orelse)]
        if inner.then == orelse and orelse:
            return [go.If(go.both(test, go.negate(inner.test)), inner.orelse, orelse)]
    if len(orelse) == 1 and isinstance(other := orelse[0], go.If) and other.then == then:
        return [go.If(go.either(test, other.test), then, other.orelse)]
    return [go.If(test, then, orelse)]


def _common_head(test: go.Test, a: Nodes, b: Nodes) -> tuple[list[Node], Nodes, Nodes]:
    """Statements both paths begin with; only texts and prints, which the test cannot depend on."""
    head: list[Node] = []
    while a and b and a[0] == b[0] and isinstance(a[0], (go.Text, go.Print)):
        head.append(a[0])
        a, b = a[1:], b[1:]
    return head, a, b


def _common_tail(a: Nodes, b: Nodes) -> tuple[Nodes, Nodes, list[Node]]:
    tail: list[Node] = []
    inside = {n.var.id for n in go.all_nodes(a + b) if isinstance(n, go.Declare)}
    while a and b and a[-1] == b[-1] and isinstance(a[-1], (go.Text, go.Print)):
        if any(isinstance(e, go.Var) and e.id in inside for e in go.all_exprs((a[-1],))):
            break
        tail.insert(0, a[-1])
        a, b = a[:-1], b[:-1]
    return a, b, tail


def _without_unread(nodes: Nodes) -> Nodes:
    """Drops variables that nothing reads, and what only computed them."""
    read: set[int] = set()
    for n in go.all_nodes(nodes):
        for e in go.node_exprs(n):
            for x in go.walk(e):
                if isinstance(x, go.Var) and not (isinstance(n, go.Set) and n.var.id == x.id):
                    read.add(x.id)
    return _drop(nodes, read)


def _drop(nodes: Nodes, read: set[int]) -> Nodes:
    out: list[Node] = []
    for n in nodes:
        if isinstance(n, (go.Declare, go.Set)) and n.var.id not in read:
            continue
        if isinstance(n, go.If):
            n = go.If(n.test, _drop(n.then, read), _drop(n.orelse, read))
        elif isinstance(n, go.Range):
            n = go.Range(n.loop, n.over, _drop(n.body, read), n.item, n.index, n.count)
            if all(isinstance(x, (go.If, go.Break, go.Continue)) for x in go.all_nodes(n.body)):
                continue
        out.append(n)
    return tuple(out)
