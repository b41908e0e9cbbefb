"""Replaces operations that are one expression in Go by that expression: `n % 2`, the characters of a text.

Before: `{{ if eq (Remainder $n 2) 0 }}`, after: `{{ if eq (slice (printf "%032b" $n) 31) "0" }}`.
The other operations (see `ir/operations.py`) became statements or defined templates before.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Expr, Lit, Node, Nodes, Test, call

# How a number is printed so that the remainder stands in its last digits: the verb, the width with
# zeros before it (no length has more digits), and how many of the last digits count.
_DIGITS = {2: ("b", 32, 1), 4: ("b", 32, 2), 8: ("o", 22, 1), 10: ("d", 20, 1), 16: ("x", 16, 1)}
# What each byte of a hexadecimal digit stands for, at the byte's own place.
_HEXADECIMAL = "." * 48 + "".join(map(chr, range(10))) + "." * 39 + "".join(map(chr, range(10, 16)))


def legalize(nodes: Nodes) -> Nodes:
    """The statements with Go's own functions alone.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> even = go.equal(ops.Remainder(go.Root("N"), 2), Lit(0))
    >>> print(emit(legalize((go.If(even, (go.Text("even"),)),))))
    {{ if eq (slice (printf "%032b" .N) 31) "0" }}even
    {{- end }}
    >>> print(emit(legalize((go.Print(ops.Remainder(go.Root("N"), 2)),))))
    {{ len (slice (printf "%*s" (index (printf "%032b" .N) 31) "") 48) }}
    """
    if not any(isinstance(e, go.Operation) for e in go.all_exprs(nodes)):
        return nodes
    return tuple(map(_node, nodes))


def _node(n: Node) -> Node:
    if isinstance(n, go.If):
        return replace(n, test=_test(n.test), then=legalize(n.then), orelse=legalize(n.orelse))
    if isinstance(n, go.Range):
        return replace(n, over=_expr(n.over), body=legalize(n.body))
    if isinstance(n, (go.Print, go.Declare, go.Set)):
        return replace(n, expr=_expr(n.expr))
    return replace(n, arg=_expr(n.arg)) if isinstance(n, go.Include) else n


def _test(t: Test) -> Test:
    if isinstance(t, go.Atom):
        if isinstance(t.expr, ops.Remainder):
            return go.negate(go.Atom(_compared("eq", t.expr, 0)))
        return go.Atom(_expr(t.expr))
    if isinstance(t, go.Not):
        return go.negate(_test(t.test))
    if isinstance(t, (go.All, go.Some)):
        return type(t)(tuple(map(_test, t.tests)))
    return t


def _expr(e: Expr) -> Expr:
    if isinstance(e, go.Field):
        return go.Field(_expr(e.base), e.name)
    if isinstance(e, ops.Remainder):
        return _remainder(_expr(e.operand), e.divisor)
    if isinstance(e, ops.CharacterCount):
        return _characters(_expr(e.operand))
    if not isinstance(e, go.Call):
        return e
    if e.fn in ("eq", "ne") and len(e.args) == 2:
        number, other = e.args
        if isinstance(number, ops.Remainder) and isinstance(other, Lit) and isinstance(other.value, int):
            return _compared(e.fn, number, other.value)
    return go.Call(e.fn, tuple(map(_expr, e.args)))


def _digits(n: Expr, divisor: int) -> tuple[Expr, int]:
    """A number's digits in the base that tells its remainder, and where those begin that do."""
    verb, width, count = _DIGITS[divisor]
    return call("printf", Lit(f"%0{width}{verb}"), n), width - count


def _compared(fn: str, e: ops.Remainder, value: int) -> Expr:
    """`n % divisor == value` by the digits themselves."""
    digits, start = _digits(_expr(e.operand), e.divisor)
    verb, _, count = _DIGITS[e.divisor]
    return call(fn, call("slice", digits, Lit(start)), Lit(f"{value:0{count}{verb}}"))


def _remainder(n: Expr, divisor: int) -> Expr:
    """The remainder as a number: what the byte of the last digit is above that of "0"."""
    if divisor == 4:
        # no verb prints in base 4: the remainder for each last octal digit
        return _less_zero(call("index", Lit("01230123"), _remainder(n, 8)))
    digits, start = _digits(n, divisor)
    byte = call("index", digits, Lit(start))
    return call("index", Lit(_HEXADECIMAL), byte) if divisor == 16 else _less_zero(byte)


def _less_zero(byte: Expr) -> Expr:
    return call("len", call("slice", call("printf", Lit("%*s"), byte, Lit("")), Lit(ord("0"))))


def _characters(s: Expr) -> Expr:
    """Padding counts characters, `len` bytes: what the padding adds is the difference."""
    twice = call("printf", Lit("%s%s"), s, s)
    padded = call("printf", Lit("%*s"), call("len", s), s)
    return call("len", call("slice", twice, call("len", padded)))
