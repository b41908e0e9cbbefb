"""Drops what a block does before it fails in any case: a request that fails gets no prompt."""

from __future__ import annotations

from ..ir import nodes as go
from ..ir.nodes import Node, Nodes, with_blocks
from .effects import effects


def drop_before_failure(nodes: Nodes) -> Nodes:
    """What comes before or after a certain failure goes, but for what tells which failure it is; other
    failures before it keep their messages.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> empty = go.If(go.Atom(go.Root("A")), (go.Text("x"), go.Print(go.Root("B")), go.Fail("no")))
    >>> print(emit((empty,)))
    {{ if .A }}x{{ .B }}
    {{- template "no" . }}
    {{- end }}
    >>> print(emit(drop_before_failure((empty,))))
    {{ if .A }}
    {{- template "no" . }}
    {{- end }}
    """
    out = tuple(with_blocks(n, drop_before_failure) for n in nodes)
    end = next((i for i, n in enumerate(out) if _fails(n)), None)
    if end is None:
        return out
    before = out[:end]
    if any(effects(n).leaves or _may_fail(n) for n in before):
        return (*before, out[end])
    return (*_needed_by(out[end], before), out[end])


def _needed_by(last: Node, before: Nodes) -> Nodes:
    """The statements that set what a failing statement asks, in their order."""
    kept: list[Node] = []
    asked = effects(last).reads
    for n in reversed(before):
        found = effects(n)
        if asked & (found.assigned | found.declared):
            kept.insert(0, n)
            # what it sets beside them needs its declaration too
            asked |= found.reads | found.assigned
    return tuple(kept)


def _fails(n: Node) -> bool:
    """Whether nothing runs after a statement."""
    if isinstance(n, go.If) and n.orelse:
        return any(map(_fails, n.then)) and any(map(_fails, n.orelse)) and not effects(n).leaves
    return isinstance(n, go.Fail)


def _may_fail(n: Node) -> bool:
    return any(isinstance(x, (go.Fail, go.Include)) for x in go.all_nodes((n,)))
