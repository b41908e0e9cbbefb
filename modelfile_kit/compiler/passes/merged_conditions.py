"""Merges two `if` in a row with the same condition, or with opposite ones."""

from __future__ import annotations

from dataclasses import replace

from ..ir import nodes as go
from ..ir.nodes import Node, Nodes, with_blocks
from .effects import asked, read, written

# Statements of an `if` that grows; the largest of a real template has some thirty.
MERGED_MAX = 100


def merge_conditions(nodes: Nodes) -> Nodes:
    """What is declared between two such `if` moves before the first.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> a = go.Atom(go.Root("A"))
    >>> before = (go.If(a, (go.Text("x"),)), go.If(go.negate(a), (go.Text("y"),)))
    >>> print(emit(before))
    {{ if .A }}x
    {{- end }}
    {{- if not .A }}y
    {{- end }}
    >>> print(emit(merge_conditions(before)))
    {{ if .A }}x
    {{- else }}y
    {{- end }}
    """
    out: list[Node] = []
    for n in nodes:
        n = with_blocks(n, merge_conditions)
        if isinstance(n, go.If):
            i = len(out)
            while i and isinstance(d := out[i - 1], go.Declare) and isinstance(d.expr, (go.Lit, go.Root)):
                i -= 1
            first = out[i - 1] if i else None
            between = tuple(out[i:])
            if (
                isinstance(first, go.If)
                and _is_small(first)
                and _ask_the_same(first, n)
                and _answer_stays(first, between)
            ):
                then, orelse = (n.then, n.orelse) if first.test == n.test else (n.orelse, n.then)
                both = replace(first, then=first.then + then, orelse=first.orelse + orelse)
                out[i - 1 :] = [*out[i:], go.together(both, n)]
                out[-1] = with_blocks(out[-1], merge_conditions)
                continue
        out.append(n)
    return tuple(out)


def _is_small(n: go.If) -> bool:
    """Whether something may still be merged into it: each time all of it is gone through."""
    return len(n.then) + len(n.orelse) <= MERGED_MAX


def _ask_the_same(a: go.If, b: go.If) -> bool:
    """Whether one answers the other; a chain of `else if` is no answer."""
    return a.test == b.test or (a.test == go.negate(b.test) and not (a.orelse or b.orelse))


def _answer_stays(n: go.If, between: Nodes) -> bool:
    """Whether the answer is the same after the branches, what follows them is reached, and what is
    declared there is no other of theirs (statements that were written out twice have the same)."""
    block = n.then + n.orelse
    exits = any(isinstance(x, (go.Break, go.Continue, go.Fail)) for x in go.all_nodes(block))
    used = written(block) | read(block)
    return not exits and not (written(block) & asked(n.test)) and not (written(between) & used)
