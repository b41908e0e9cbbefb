"""Writes a list's elements with what stands between them, of which one alone needs no case of its own."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from ..ir import nodes as go
from ..ir.nodes import Expr, Lit, Node, Nodes, Test, call


def join_lists_of_one(nodes: Nodes) -> Nodes:
    """`if gt (len x) 1` around a loop over `x` goes where its `else` does the same for the only element.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> x = go.Root("X")
    >>> between = go.If(go.Atom(go.Index(1)), (go.Text("|"),))
    >>> loop = go.Range(1, x, (between, go.Print(go.Item(1))))
    >>> several = go.Atom(go.call("lt", go.Lit(1), go.call("len", x)))
    >>> before = (go.If(go.Atom(x), (go.If(several, (loop,), (go.Print(go.call("index", x, go.Lit(0))),)),)),)
    >>> print(emit(before))
    {{ if .X }}
    {{- if gt (len .X) 1 }}
    {{- range $i, $_ := .X }}
    {{- if $i }}|
    {{- end }}{{ . }}
    {{- end }}
    {{- else }}{{ index .X 0 }}
    {{- end }}
    {{- end }}
    >>> print(emit(join_lists_of_one(before)))
    {{ if .X }}
    {{- range $i, $_ := .X }}
    {{- if $i }}|
    {{- end }}{{ . }}
    {{- end }}
    {{- end }}
    """
    return tuple(_joined(n, None) for n in nodes)


def _joined(n: Node, known: Test | None) -> Node:
    """A statement; `known`: what is true where it stands, at the beginning of a branch."""
    if isinstance(n, go.If):
        loop = _loop(n)
        if loop is not None and known is not None and _holds(go.Atom(loop.over), known):
            return go.together(loop, n)
        return replace(n, then=_branch(n.then, n.test), orelse=_branch(n.orelse, None))
    return go.with_blocks(n, join_lists_of_one)


def _branch(nodes: Nodes, known: Test | None) -> Nodes:
    return tuple(_joined(n, None if i else known) for i, n in enumerate(nodes))


def _holds(t: Test, known: Test) -> bool:
    return t == known or (isinstance(known, go.All) and any(_holds(t, k) for k in known.tests))


def _loop(n: go.If) -> go.Range | None:
    """The loop of a list of several, if it does for a list of one what the other branch does."""
    loop = n.then[0] if len(n.then) == 1 else None
    if not isinstance(loop, go.Range) or loop.count:
        return None
    if n.test != go.Atom(call("lt", Lit(1), call("len", loop.over))):
        return None
    not_first = go.Atom(go.Index(loop.loop))
    rest = tuple(x for x in loop.body if not (isinstance(x, go.If) and x.test == not_first and not x.orelse))
    only = call("index", loop.over, Lit(0))
    seen = tuple(_with(x, go.Item(loop.loop), only) for x in rest)
    if len(rest) == len(loop.body) or go.Index(loop.loop) in go.all_exprs(seen):
        return None
    return loop if _unworded(seen) == _unworded(n.orelse) else None


def _with(part: Any, old: Expr, new: Expr) -> Any:
    """Statements with another expression in place of one."""
    if part == old and type(part) is type(old):
        return new
    if isinstance(part, tuple):
        return tuple(_with(p, old, new) for p in part)
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{f.name: _with(getattr(part, f.name), old, new) for f in fields(part)})
    return part


def _unworded(nodes: Nodes) -> Nodes:
    """Statements without the words of failures: they name the line of the chat template."""
    return tuple(go.Fail("") if isinstance(n, go.Fail) else go.with_blocks(n, _unworded) for n in nodes)
