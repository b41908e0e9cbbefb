"""Puts one expression in the place of another wherever it stands in statements."""

from __future__ import annotations

import operator
from dataclasses import replace

from ..ir import nodes as go
from ..ir.nodes import Expr, Node, Nodes, Test


def replaced(nodes: Nodes, old: Expr, new: Expr) -> Nodes:
    """Statements with `new` for `old`; what does not hold `old` stays the same object.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> name = go.Field(go.Root("Message"), "Name")
    >>> before = (go.If(go.Atom(name), (go.Print(go.call("len", name)), go.Text("x"))),)
    >>> print(emit(replaced(before, name, go.Dot())))
    {{ if . }}{{ len . }}x
    {{- end }}
    """
    return _Replacing(old, new).block(nodes)


class _Replacing:
    """The same expression and test stand in many places: what became of each is remembered."""

    def __init__(self, old: Expr, new: Expr) -> None:
        self.old, self.new = old, new
        self.hash = hash(old)
        self.exprs: dict[int, tuple[Expr, Expr]] = {}
        self.tests: dict[int, tuple[Test, Test]] = {}

    def block(self, nodes: Nodes) -> Nodes:
        found = tuple(map(self.node, nodes))
        return nodes if all(map(operator.is_, found, nodes)) else found

    def node(self, n: Node) -> Node:
        if isinstance(n, go.If):
            test, then, orelse = self.test(n.test), self.block(n.then), self.block(n.orelse)
            same = test is n.test and then is n.then and orelse is n.orelse
            return n if same else replace(n, test=test, then=then, orelse=orelse)
        if isinstance(n, go.Range):
            over, body = self.expr(n.over), self.block(n.body)
            return n if over is n.over and body is n.body else replace(n, over=over, body=body)
        if isinstance(n, (go.Print, go.Declare, go.Set)):
            expr = self.expr(n.expr)
            return n if expr is n.expr else replace(n, expr=expr)
        if isinstance(n, go.Include):
            arg = self.expr(n.arg)
            return n if arg is n.arg else replace(n, arg=arg)
        return n

    def expr(self, e: Expr) -> Expr:
        if hash(e) == self.hash and type(e) is type(self.old) and e == self.old:
            return self.new
        if not isinstance(e, (go.Call, go.Field, go.Operation)):
            return e
        known = self.exprs.get(id(e))
        if known is None:
            self.exprs[id(e)] = known = e, self._inside(e)
        return known[1]

    def _inside(self, e: go.Call | go.Field | go.Operation) -> Expr:
        if isinstance(e, go.Call):
            args = tuple(map(self.expr, e.args))
            return e if all(map(operator.is_, args, e.args)) else go.Call(e.fn, args)
        if isinstance(e, go.Field):
            base = self.expr(e.base)
            return e if base is e.base else go.Field(base, e.name)
        operand = self.expr(e.operand)
        return e if operand is e.operand else e.on(operand)

    def test(self, t: Test) -> Test:
        if isinstance(t, go.Truth):
            return t
        known = self.tests.get(id(t))
        if known is None:
            self.tests[id(t)] = known = t, self._inside_test(t)
        return known[1]

    def _inside_test(self, t: go.Atom | go.Not | go.All | go.Some) -> Test:
        if isinstance(t, go.Atom):
            expr = self.expr(t.expr)
            return t if expr is t.expr else go.Atom(expr)
        if isinstance(t, go.Not):
            test = self.test(t.test)
            return t if test is t.test else go.Not(test)
        tests = tuple(map(self.test, t.tests))
        return t if all(map(operator.is_, tests, t.tests)) else replace(t, tests=tests)
