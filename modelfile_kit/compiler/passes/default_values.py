"""Gives a variable the value of the last branch where it is declared, so that the branch is not needed."""

from __future__ import annotations

from dataclasses import replace

from ..ir import nodes as go
from ..ir.nodes import Node, Nodes, with_blocks
from .chains import chain, rebuilt
from .effects import asked, read, written


def use_default_values(nodes: Nodes) -> Nodes:
    """`$x := ""; if … $x = a, else $x = b` is `$x := b; if … $x = a`.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> x = go.Var(1, "x")
    >>> choice = go.If(go.Atom(go.Root("A")), (go.Set(x, go.Lit("a")),), (go.Set(x, go.Lit("b")),))
    >>> before = (go.Declare(x, go.Lit("")), choice, go.Print(x))
    >>> print(emit(before))
    {{ $x := "" }}
    {{- if .A }}
    {{- $x = "a" }}
    {{- else }}
    {{- $x = "b" }}
    {{- end }}{{ $x }}
    >>> print(emit(use_default_values(before)))
    {{ $x := "b" }}
    {{- if .A }}
    {{- $x = "a" }}
    {{- end }}{{ $x }}
    """
    out: list[Node] = []
    for n in nodes:
        n = with_blocks(n, use_default_values)
        for i in range(len(out) - 1, -1, -1):
            d = out[i]
            if not (isinstance(d, go.Declare) and isinstance(d.expr, (go.Lit, go.Root))):
                break
            if isinstance(n, go.If) and isinstance(d.expr, go.Lit):
                found = _default_of(d.var, n) or _first_of(d.var, n)
                if found:
                    value, n = found
                    out[i] = go.together(replace(d, expr=value.expr), value)
        out.append(n)
    return tuple(out)


def _default_of(var: go.Var, n: go.If) -> tuple[go.Set, go.If] | None:
    """The last branch's value of `var`, where every branch gives one and none looks at the old."""
    tests, branches = chain(n)
    if len(branches) == len(tests) or len(branches[-1]) != 1:
        return None
    value = branches[-1][0]
    if not isinstance(value, go.Set) or value.var != var or not isinstance(value.expr, (go.Lit, go.Root)):
        return None
    if any(var.id in asked(t.test) for t in tests) or not all(_gives(b, var) for b in branches[:-1]):
        return None
    (changed,) = rebuilt(tests, branches[:-1])
    assert isinstance(changed, go.If)
    return value, changed


def _first_of(var: go.Var, n: go.If) -> tuple[go.Set, go.If] | None:
    """The value that both branches give `var` before anything looks at it."""
    at = [_first_mention(block, var) for block in (n.then, n.orelse)]
    if at[0] is None or at[1] is None or var.id in asked(n.test):
        return None
    value = n.then[at[0]]
    assert isinstance(value, go.Set)
    base = value.expr.base if isinstance(value.expr, go.Field) else value.expr
    if value != n.orelse[at[1]] or not isinstance(base, (go.Lit, go.Root, go.Item)):
        return None
    then = n.then[: at[0]] + n.then[at[0] + 1 :]
    orelse = n.orelse[: at[1]] + n.orelse[at[1] + 1 :]
    return (value, replace(n, then=then, orelse=orelse)) if then and orelse else None


def _first_mention(block: Nodes, var: go.Var) -> int | None:
    """Where a block assigns to `var`, if nothing before that mentions it."""
    for i, x in enumerate(block):
        if isinstance(x, go.Set) and x.var == var:
            return None if any(e == var for e in go.walk(x.expr)) else i
        if var.id in read((x,)) | written((x,)):
            return None
    return None


def _gives(block: Nodes, var: go.Var) -> bool:
    """Whether a branch assigns to `var` before anything looks at it, on every way through."""
    for n in block:
        if any(x == var for e in go.node_exprs(n) for x in go.walk(e)):
            return False
        if isinstance(n, go.Set) and n.var == var:
            return True
        if isinstance(n, go.If) and n.orelse and _gives(n.then, var) and _gives(n.orelse, var):
            return True
        if any(var.id in read((n,)) | written((n,)) for _ in go.blocks(n)):
            return False
    return False
