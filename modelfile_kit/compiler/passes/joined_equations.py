"""Joins comparisons of one value: Go's `eq` takes several to compare with."""

from __future__ import annotations

from dataclasses import replace

from ..ir import nodes as go
from ..ir.nodes import Node, Nodes, Test, with_blocks


def join_equations(nodes: Nodes) -> Nodes:
    """`or (eq x a) (eq x b)` is `eq x a b`.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> role = go.Root("Role")
    >>> either = go.either(go.equal(role, go.Lit("user")), go.equal(role, go.Lit("tool")))
    >>> before = (go.If(either, (go.Text("x"),)),)
    >>> print(emit(before))
    {{ if or (eq .Role "user") (eq .Role "tool") }}x
    {{- end }}
    >>> print(emit(join_equations(before)))
    {{ if eq .Role "user" "tool" }}x
    {{- end }}
    """
    return tuple(map(_node, nodes))


def _node(n: Node) -> Node:
    n = with_blocks(n, join_equations)
    if isinstance(n, go.If):
        test = _joined(n.test)
        return n if test == n.test else replace(n, test=test)
    return n


def _joined(t: Test) -> Test:
    if isinstance(t, go.Not):
        return go.negate(_joined(t.test))
    if isinstance(t, go.All):
        return go.both(*map(_joined, t.tests))
    if not isinstance(t, go.Some):
        return t
    out: list[Test] = []
    for part in map(_joined, t.tests):
        one, last = _equation(part), _equation(out[-1]) if out else None
        if one and last and one.args[0] == last.args[0]:
            out[-1] = go.Atom(go.Call("eq", last.args + one.args[1:]))
        else:
            out.append(part)
    return go.either(*out)


def _equation(t: Test) -> go.Call | None:
    """The comparison that a test is, if it is one."""
    return t.expr if isinstance(t, go.Atom) and isinstance(t.expr, go.Call) and t.expr.fn == "eq" else None
