"""Makes the statements what a person would write: nothing dead, nothing twice."""

from __future__ import annotations

from ..ir import nodes as go
from ..ir.nodes import Node, Nodes
from .alpha_rename import renamed
from .common_subexpressions import assigned, declared, done_once, facts, read, without_unread, written
from .cosmetic import tidy

MAX_ROUNDS = 12


def simplify(nodes: Nodes) -> Nodes:
    """The same output in fewer statements."""
    nodes = _settled(nodes)
    nodes = _settled(_without_repeats(_without_copies(nodes), {}))
    return _settled(_without_repeats(tidy(_settled(done_once(nodes))), {}))


def _settled(nodes: Nodes) -> Nodes:
    for _ in range(MAX_ROUNDS):
        before = nodes
        nodes = without_unread(_block(nodes))
        if nodes == before:
            break
    return nodes


def _block(nodes: Nodes) -> Nodes:
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
        body = _block(n.body)
        if not body:
            return []
        return [go.Range(n.loop, n.over, body, n.item, n.index, n.count, n.origin)]
    if isinstance(n, go.Print) and isinstance(n.expr, go.Lit):
        return [go.Text(str(n.expr.value), n.origin)]
    return [n]


def _if(n: go.If) -> list[Node]:
    then, orelse = _block(n.then), _block(n.orelse)
    if isinstance(n.test, go.Truth):
        return list(then if n.test.value else orelse)
    if then == orelse:
        return list(then)
    before, then, orelse = _common_head(n.test, then, orelse)
    then, orelse, after = _common_tail(then, orelse)
    choice = _choice(n.test, then, orelse)
    return [*before, *(go.together(c, n) if isinstance(c, go.If) else c for c in choice), *after]


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


def _common_head(test: go.Test, a: Nodes, b: Nodes) -> tuple[list[Node], Nodes, Nodes]:
    """Statements both paths begin with; only texts and prints, which the test cannot depend on."""
    head: list[Node] = []
    while a and b and a[0] == b[0] and isinstance(a[0], (go.Text, go.Print)):
        head.append(go.together(a[0], b[0]))
        a, b = a[1:], b[1:]
    return head, a, b


def _common_tail(a: Nodes, b: Nodes) -> tuple[Nodes, Nodes, list[Node]]:
    tail: list[Node] = []
    while a and b and isinstance(a[-1], (go.Text, go.Print)) and a[-1] == b[-1]:
        if facts(a[-1]).reads & declared(a + b):
            break
        tail.insert(0, go.together(a[-1], b[-1]))
        a, b = a[:-1], b[:-1]
    return a, b, tail


def _without_copies(nodes: Nodes) -> Nodes:
    """`$b := …; …; $a = $b`: where nothing else looks at `$a` in between, `$b` is `$a` all along."""
    out = list(nodes)
    j = 0
    while j < len(out):
        last = out[j]
        if isinstance(last, go.Set) and isinstance(last.expr, go.Var):
            i = next((k for k in range(j) if _declares(out[k], last.expr)), None)
            if i is not None and _replaceable(out, i, j, last.var, last.expr):
                first = out[i]
                assert isinstance(first, go.Declare)
                middle = [renamed(n, {last.expr: last.var}) for n in out[i + 1 : j]]
                out[i : j + 1] = [go.Set(last.var, first.expr, first.origin), *middle]
                j = i
                continue
        j += 1
    done: list[Node] = []
    for n in out:
        if isinstance(n, go.If):
            n = go.If(n.test, _without_copies(n.then), _without_copies(n.orelse), n.origin)
        elif isinstance(n, go.Range):
            n = go.Range(n.loop, n.over, _without_copies(n.body), n.item, n.index, n.count, n.origin)
        done.append(n)
    return tuple(done)


def _declares(n: Node, var: go.Var) -> bool:
    return isinstance(n, go.Declare) and n.var == var


def _replaceable(nodes: list[Node], i: int, j: int, target: go.Var, source: go.Var) -> bool:
    between = tuple(nodes[i + 1 : j])
    if target.id in read(between) or target.id in written(between):
        return False
    if any(isinstance(n, (go.Break, go.Continue)) for n in _own_exits(between)):
        return False
    after = tuple(nodes[j + 1 :])
    return source.id not in read(after) and source.id not in assigned(after)


def _own_exits(nodes: Nodes) -> list[Node]:
    """The exits that leave this block, not a loop inside it."""
    found: list[Node] = []
    for n in nodes:
        if isinstance(n, (go.Break, go.Continue)):
            found.append(n)
        elif isinstance(n, go.If):
            found += _own_exits(n.then) + _own_exits(n.orelse)
    return found


def _without_repeats(nodes: Nodes, known: dict[int, go.Expr]) -> Nodes:
    """Drops an assignment of the constant that the variable holds anyway."""
    out: list[Node] = []
    for n in nodes:
        if isinstance(n, (go.Declare, go.Set)):
            if isinstance(n, go.Set) and isinstance(n.expr, go.Lit) and known.get(n.var.id) == n.expr:
                continue
            known.pop(n.var.id, None)
            if isinstance(n.expr, go.Lit):
                known[n.var.id] = n.expr
        elif isinstance(n, (go.If, go.Range)):
            changed = facts(n).assigned
            if isinstance(n, go.If):
                n = go.If(
                    n.test,
                    _without_repeats(n.then, dict(known)),
                    _without_repeats(n.orelse, dict(known)),
                    n.origin,
                )
            else:
                inside = {k: v for k, v in known.items() if k not in changed}
                body = _without_repeats(n.body, inside)
                n = go.Range(n.loop, n.over, body, n.item, n.index, n.count, n.origin)
            for k in changed:
                known.pop(k, None)
        out.append(n)
    return tuple(out)
