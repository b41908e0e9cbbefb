"""Appends to a text once what the branches of an `if` append each on their own.

Go's `and` and `or` answer one of their arguments, so they choose between values as Python's do.
"""

from __future__ import annotations

from ..ir import nodes as go
from ..ir.nodes import Expr, Lit, Node, Nodes, Test, call, with_blocks

# What prints text that is never empty, of whatever value.
_NEVER_EMPTY = frozenset({"json"})


def choose_in_expressions(nodes: Nodes) -> Nodes:
    """An `if` of which each branch appends one value to the same variable becomes one statement.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> text, a = go.Var(1, "text"), go.Root("A")
    >>> def append(word): return (go.Set(text, go.call("printf", go.Lit("%s" + word), text)),)
    >>> before = (go.Declare(text, go.Lit("")), go.If(go.Atom(a), append("True"), append("False")))
    >>> print(emit(before))
    {{ $text := "" }}
    {{- if .A }}
    {{- $text = printf "%sTrue" $text }}
    {{- else }}
    {{- $text = printf "%sFalse" $text }}
    {{- end }}
    >>> print(emit(choose_in_expressions(before)))
    {{ $text := "" }}
    {{- $text = printf "%s%s" $text (or (and .A "True") "False") }}
    """
    return tuple(_chosen(with_blocks(n, choose_in_expressions)) for n in nodes)


def appended(n: Node) -> tuple[go.Var, Expr] | None:
    """The variable that a statement appends to, and the text that it appends."""
    if not isinstance(n, go.Set) or not isinstance(n.expr, go.Call) or n.expr.fn != "printf":
        return None
    form, *args = n.expr.args
    if not isinstance(form, Lit) or not isinstance(form.value, str) or args[:1] != [n.var]:
        return None
    if form.value == "%s%s" and len(args) == 2:
        return n.var, args[1]
    rest = form.value[2:]
    plain = len(args) == 1 and form.value.startswith("%s") and "%" not in rest.replace("%%", "")
    return (n.var, Lit(rest.replace("%%", "%"))) if plain and rest else None


def _chosen(n: Node) -> Node:
    if not isinstance(n, go.If) or len(n.then) != 1 or len(n.orelse) != 1:
        return n
    one, other = appended(n.then[0]), appended(n.orelse[0])
    if not one or not other or one[0] != other[0] or one[0].id in go.test_variables(n.test):
        return n
    value = choice(n.test, one[1], other[1])
    if value is None or one[0].id in go.variables(value):
        return n
    joined = go.Set(one[0], call("printf", Lit("%s%s"), one[0], value))
    return go.together(joined, n, n.then[0], n.orelse[0])


def choice(test: Test, one: Expr, other: Expr) -> Expr | None:
    """An expression for "one if test else other"; None where both may be empty texts."""
    if not _is_never_empty(one):
        if not _is_never_empty(other):
            return None
        test, one, other = go.negate(test), other, one
    rest = other.args if isinstance(other, go.Call) and other.fn == "or" else (other,)
    return call("or", call("and", _expression(test), one), *rest)


def _is_never_empty(e: Expr) -> bool:
    if isinstance(e, Lit):
        return bool(e.value)
    if not isinstance(e, go.Call):
        return False
    return e.fn in _NEVER_EMPTY or (e.fn == "or" and _is_never_empty(e.args[-1]))


def _expression(test: Test) -> Expr:
    """A test as the first argument of `and`."""
    inner = test.test.expr if isinstance(test, go.Not) and isinstance(test.test, go.Atom) else None
    if isinstance(inner, go.Call) and inner.fn == "eq" and len(inner.args) == 2:
        return go.Call("ne", inner.args)
    return go.test_to_go(test)
