"""Renaming of variables, and whether two statements differ in the names of their variables alone."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace

from ..ir import nodes as go
from ..ir.nodes import Expr, Node, Nodes, Test

Names = Mapping[go.Var, go.Expr]


def renamed(n: Node, names: Names) -> Node:
    """A statement with variables replaced by expressions; an assigned one has to become a variable."""
    if isinstance(n, (go.Declare, go.Set)):
        var = names.get(n.var, n.var)
        assert isinstance(var, go.Var)
        return replace(n, var=var, expr=renamed_expr(n.expr, names))
    if isinstance(n, go.Print):
        return replace(n, expr=renamed_expr(n.expr, names))
    if isinstance(n, go.Include):
        return replace(n, arg=renamed_expr(n.arg, names))
    if isinstance(n, go.If):
        test = renamed_test(n.test, names)
        return replace(n, test=test, then=_block(n.then, names), orelse=_block(n.orelse, names))
    if isinstance(n, go.Range):
        return replace(n, over=renamed_expr(n.over, names), body=_block(n.body, names))
    return n


def _block(nodes: Nodes, names: Names) -> Nodes:
    return tuple(renamed(n, names) for n in nodes)


def renamed_expr(e: Expr, names: Names) -> Expr:
    """The same for an expression."""
    if isinstance(e, go.Var):
        return names.get(e, e)
    if isinstance(e, go.Field):
        return go.Field(renamed_expr(e.base, names), e.name)
    if isinstance(e, go.Operation):
        return e.on(renamed_expr(e.operand, names))
    return go.Call(e.fn, tuple(renamed_expr(a, names) for a in e.args)) if isinstance(e, go.Call) else e


def renamed_test(t: Test, names: Names) -> Test:
    """The same for a test."""
    if isinstance(t, go.Atom):
        return go.Atom(renamed_expr(t.expr, names))
    if isinstance(t, go.Not):
        return go.Not(renamed_test(t.test, names))
    if isinstance(t, go.All):
        return go.All(tuple(renamed_test(x, names) for x in t.tests))
    return go.Some(tuple(renamed_test(x, names) for x in t.tests)) if isinstance(t, go.Some) else t


def unified(a: Node, b: Node) -> dict[go.Var, go.Expr] | None:
    """The names that turn `b` into `a`, for variables that `b` declares; None where there are none."""
    found = _Unifier()
    return dict(found.outer) if found.node(a, b, top=True) else None


def same_but_for_names(a: Nodes, b: Nodes, same_template: Callable[[str, str], bool]) -> bool:
    """Whether two blocks differ in the names of their variables alone, and in those of equal templates."""
    return _Unifier(same_template).block(a, b)


class _Unifier:
    def __init__(self, same_template: Callable[[str, str], bool] = operator.eq) -> None:
        self.same_template = same_template
        self.names: dict[go.Var, go.Var] = {}
        self.loops: dict[int, int] = {}
        # what the statement itself declares, and so what follows it can see
        self.outer: dict[go.Var, go.Expr] = {}

    def node(self, a: Node, b: Node, top: bool = False) -> bool:
        if type(a) is not type(b):
            return False
        if isinstance(a, go.Declare) and isinstance(b, go.Declare):
            if not self.expr(a.expr, b.expr):
                return False
            self.names[b.var] = a.var
            if top:
                self.outer[b.var] = a.var
            return True
        if isinstance(a, go.Set) and isinstance(b, go.Set):
            return self.expr(a.var, b.var) and self.expr(a.expr, b.expr)
        if isinstance(a, go.If) and isinstance(b, go.If):
            return self.test(a.test, b.test) and self.block(a.then, b.then) and self.block(a.orelse, b.orelse)
        if isinstance(a, go.Range) and isinstance(b, go.Range):
            if a.count != b.count or not self.expr(a.over, b.over):
                return False
            self.loops[b.loop] = a.loop
            return self.block(a.body, b.body)
        if isinstance(a, go.Print) and isinstance(b, go.Print):
            return self.expr(a.expr, b.expr)
        if isinstance(a, go.Include) and isinstance(b, go.Include):
            return self.expr(a.arg, b.arg) and self.same_template(a.name, b.name)
        return a == b

    def block(self, a: Nodes, b: Nodes) -> bool:
        return len(a) == len(b) and all(map(self.node, a, b))

    def expr(self, a: Expr, b: Expr) -> bool:
        if type(a) is not type(b):
            return False
        if isinstance(a, go.Var) and isinstance(b, go.Var):
            return self.names.get(b, b) == a
        if isinstance(a, (go.Item, go.Index)) and isinstance(b, (go.Item, go.Index)):
            return self.loops.get(b.loop, b.loop) == a.loop
        if isinstance(a, go.Field) and isinstance(b, go.Field):
            return a.name == b.name and self.expr(a.base, b.base)
        if isinstance(a, go.Call) and isinstance(b, go.Call):
            return a.fn == b.fn and len(a.args) == len(b.args) and all(map(self.expr, a.args, b.args))
        if isinstance(a, go.Operation) and isinstance(b, go.Operation):
            return a.on(go.Dot()) == b.on(go.Dot()) and self.expr(a.operand, b.operand)
        # 1 and true are equal to Python alone
        return a == b and not (
            isinstance(a, go.Lit) and isinstance(b, go.Lit) and type(a.value) is not type(b.value)
        )

    def test(self, a: Test, b: Test) -> bool:
        if type(a) is not type(b):
            return False
        if isinstance(a, go.Atom) and isinstance(b, go.Atom):
            return self.expr(a.expr, b.expr)
        if isinstance(a, go.Not) and isinstance(b, go.Not):
            return self.test(a.test, b.test)
        if isinstance(a, (go.All, go.Some)) and isinstance(b, (go.All, go.Some)):
            return len(a.tests) == len(b.tests) and all(map(self.test, a.tests, b.tests))
        return a == b
