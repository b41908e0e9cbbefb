"""Removes from conditions what another part of the same condition decides."""

from __future__ import annotations

from dataclasses import replace

from ...ollama.request_shape import Kind, fields_of
from ..ir import nodes as go
from ..ir.nodes import Node, Nodes, Test, with_blocks


def simplify_conditions(nodes: Nodes) -> Nodes:
    """Simplifies every condition, and drops one that only guards the text it asks for.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> a, b, content = go.Atom(go.Root("A")), go.Atom(go.Root("B")), go.Field(go.Root("M"), "Content")
    >>> before = (
    ...     go.If(go.either(go.negate(a), go.both(a, b)), (go.Text("x"),)),
    ...     go.If(go.Atom(content), (go.Print(content),)),
    ... )
    >>> print(emit(before))
    {{ if or (not .A) (and .A .B) }}x
    {{- end }}
    {{- if .M.Content }}{{ .M.Content }}
    {{- end }}
    >>> print(emit(simplify_conditions(before)))
    {{ if or (not .A) .B }}x
    {{- end }}{{ .M.Content }}
    """
    out = []
    for n in nodes:
        if isinstance(n, go.If):
            n = replace(n, test=simplified(n.test))
            n = _print_of(n) or n
        out.append(with_blocks(n, simplify_conditions))
    return tuple(out)


def _print_of(n: go.If) -> Node | None:
    """`if .Content` around `.Content` alone: an empty text prints nothing either way."""
    if n.orelse or len(n.then) != 1 or not isinstance(n.test, go.Atom):
        return None
    shown, asked = n.then[0], n.test.expr
    if isinstance(shown, go.Print) and shown.expr == asked and isinstance(asked, go.Field):
        return go.together(shown, n) if asked.name in fields_of(Kind.TEXT) else None
    return None


def simplified(t: Test) -> Test:
    """`a or (not a and b)` is `a or b`, `a and (not a or b)` is `a and b`, `a or (a and b)` is `a`."""
    if isinstance(t, go.Not):
        return go.negate(simplified(t.test))
    if not isinstance(t, (go.All, go.Some)):
        return t
    join, other = (go.both, go.All) if isinstance(t, go.All) else (go.either, go.Some)
    inner = go.Some if isinstance(t, go.All) else go.All
    parts = [simplified(p) for p in t.tests]
    if isinstance(t, go.All):
        parts = [p for p, after in zip(parts, [*parts[1:], None], strict=True) if not _implied(p, after)]
    for i, part in enumerate(parts):
        if isinstance(part, inner):
            known = parts[:i] + (parts[i + 1 :] if _cannot_fail(part) else [])
            parts[i] = _without_known(part, known)
    joined = join(*parts)
    return joined if joined == t or not isinstance(joined, other) else simplified(joined)


def _implied(t: Test, after: Test | None) -> bool:
    """Whether it asks that a JSON value is not null, right before its truth or its type is asked."""
    if not isinstance(after, go.Atom):
        return False
    null = go.Lit("<nil>")
    kind: go.Expr = go.call("printf", go.Lit("%T"), after.expr)
    if isinstance(after.expr, go.Call) and after.expr.fn == "eq" and null not in after.expr.args:
        kind = after.expr.args[0]
        if not (isinstance(kind, go.Call) and kind.args[0] == go.Lit("%T")):
            return False
    return t == go.negate(go.equal(kind, null))


def _without_known(part: Test, known: list[Test]) -> Test:
    """`part` where all of `known` are already answered the other way (false in an `or`, true in an `and`)."""
    assert isinstance(part, (go.All, go.Some))
    if any(p in known for p in part.tests):
        return go.FALSE if isinstance(part, go.All) else go.TRUE
    rest = [p for p in part.tests if go.negate(p) not in known]
    return (go.both if isinstance(part, go.All) else go.either)(*rest)


def _cannot_fail(t: Test) -> bool:
    """Whether a test may be evaluated at any time: it calls no function, which could fail."""
    return not any(isinstance(x, go.Call) for e in go.test_exprs(t) for x in go.walk(e))
