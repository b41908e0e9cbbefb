"""Appends several pieces to a text in one statement.

Go has no way to keep what a template prints, so a text that is needed later grows in a variable.
"""

from __future__ import annotations

from ..ir import nodes as go
from ..ir.nodes import Expr, Lit, Node, Nodes, call, with_blocks
from .conditional_values import choice
from .effects import read

# A variable and the pieces that a statement appends to it.
_Append = tuple[go.Var, tuple[Expr, ...]]


def append_at_once(nodes: Nodes) -> Nodes:
    """Pieces that are appended one after the other, some on a condition, become one statement.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> text, name = go.Var(1, "text"), go.Root("Name")
    >>> def append(piece): return go.Set(text, go.call("printf", go.Lit("%s" + piece), text))
    >>> optional = go.If(go.Atom(go.Root("Optional")), (append("?"),))
    >>> value = go.Set(text, go.call("printf", go.Lit("%s%s"), text, name))
    >>> before = (go.Declare(text, go.Lit("")), value, optional, append(": "))
    >>> print(emit(before))
    {{ $text := "" }}
    {{- $text = printf "%s%s" $text .Name }}
    {{- if .Optional }}
    {{- $text = printf "%s?" $text }}
    {{- end }}
    {{- $text = printf "%s: " $text }}
    >>> print(emit(append_at_once(before)))
    {{ $text := "" }}
    {{- $text = printf "%s%s%s: " $text .Name (or (and .Optional "?") "") }}
    """
    out: list[Node] = []
    for n in nodes:
        n = with_blocks(n, append_at_once)
        at = len(out)
        while at and _only_fails(out[at - 1]):
            at -= 1
        last = out[at - 1] if at else None
        one, other = _pieces(last), _pieces(n)
        conditional = isinstance(last, go.If) and isinstance(n, go.If)
        same = one and other and one[0] == other[0] and not conditional
        if last and one and other and same and one[0].id not in read(tuple(out[at:])):
            out[at - 1 :] = [*out[at:], go.together(_appending(one[0], one[1] + other[1]), last, n)]
        else:
            out.append(n)
    return tuple(out)


def _only_fails(n: Node) -> bool:
    """Whether a statement stops everything or does nothing."""
    return isinstance(n, go.If) and all(
        isinstance(x, go.Fail) or _only_fails(x) for block in go.blocks(n) for x in block
    )


def _pieces(n: Node | None) -> _Append | None:
    """What a statement appends, where that is all it does."""
    if isinstance(n, go.If) and len(n.then) == 1 and not n.orelse:
        inner = _pieces(n.then[0])
        if inner and len(inner[1]) == 1 and inner[0].id not in go.test_variables(n.test):
            value = choice(n.test, inner[1][0], Lit(""))
            return (inner[0], (value,)) if value else None
        return None
    if not isinstance(n, go.Set) or not isinstance(n.expr, go.Call) or n.expr.fn != "printf":
        return None
    form, *args = n.expr.args
    if not isinstance(form, Lit) or not isinstance(form.value, str) or args[:1] != [n.var]:
        return None
    texts = form.value.split("%s")
    if len(texts) != len(args) + 1 or texts[0] or any("%" in t.replace("%%", "") for t in texts):
        return None
    pieces: list[Expr] = []
    for value, text in zip([None, *args[1:]], texts[1:], strict=True):
        pieces += [value] if value is not None else []
        pieces += [Lit(text.replace("%%", "%"))] if text else []
    if not pieces or any(n.var.id in go.variables(e) for e in pieces):
        return None
    return n.var, tuple(pieces)


def _appending(var: go.Var, pieces: tuple[Expr, ...]) -> Node:
    form = "".join(str(e.value).replace("%", "%%") if isinstance(e, Lit) else "%s" for e in pieces)
    values = (e for e in pieces if not isinstance(e, Lit))
    return go.Set(var, call("printf", Lit("%s" + form), var, *values))
