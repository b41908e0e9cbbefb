"""Copy propagation: a variable that only becomes the value of another one is that one from the start."""

from __future__ import annotations

from ..ir import nodes as go
from ..ir.nodes import Node, Nodes
from .alpha_rename import renamed
from .effects import assigned, read, written


def propagate_copies(nodes: Nodes) -> Nodes:
    """Where nothing else looks at `$a` between `$b := …` and `$a = $b`, `$b` is `$a` all along.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> a, b, flag = go.Var(1, "a"), go.Var(2, "b"), go.Atom(go.Root("A"))
    >>> copy = (go.Declare(b, go.Root("S")), go.If(flag, (go.Set(b, go.Lit("x")),)), go.Set(a, b))
    >>> before = (go.Declare(a, go.Lit("")), go.If(flag, copy), go.Print(a))
    >>> print(emit(before))
    {{ $a := "" }}
    {{- if .A }}
    {{- $b := .S }}
    {{- if .A }}
    {{- $b = "x" }}
    {{- end }}
    {{- $a = $b }}
    {{- end }}{{ $a }}
    >>> print(emit(propagate_copies(before)))
    {{ $a := "" }}
    {{- if .A }}
    {{- $a = .S }}
    {{- if .A }}
    {{- $a = "x" }}
    {{- end }}
    {{- end }}{{ $a }}
    """
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
    return tuple(go.with_blocks(n, propagate_copies) for n in out)


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
