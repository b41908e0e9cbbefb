"""Statements that rewrite Go's JSON as Python writes it.

Go writes compact JSON with `<`, `>`, `&` and two line separators escaped; Python puts spaces after `:` and
`,` and escapes none of them. So Go's JSON is rewritten byte by byte, in a template of its own.
"""

from __future__ import annotations

from ..ir import nodes as go
from ..ir.nodes import Expr, Lit, Nodes, call
from ..ir.operations import JsonStyle
from . import idioms
from .state import State

# `\u003c` and its like in Go's JSON, and what Python writes.
_UNESCAPED = (
    ("\\u003c", "<"),
    ("\\u003e", ">"),
    ("\\u0026", "&"),
    ("\\u2028", "\u2028"),
    ("\\u2029", "\u2029"),
)


def rewriting(st: State, e: Expr, style: JsonStyle) -> Nodes:
    """Statements that print Go's JSON of `e` as Python writes it."""
    with st.capture() as written:
        _rewrite(st, e, style)
    return tuple(written)


def _rewrite(st: State, e: Expr, style: JsonStyle) -> None:
    source = st.declare("json", call("json", e))
    skip = st.declare("skip", Lit(""))
    quoted = st.declare("quoted", Lit(False))
    pad = st.declare("pad", Lit(style.newline)) if style.indent else None

    def body(i: Expr) -> None:
        here = call("slice", source, i)
        c = st.declare("c", call("slice", here, Lit(0), Lit(1)))
        inside = _inside(st, here, c, skip, quoted)
        outside = _outside(here, c, skip, quoted, pad, style)
        passed = go.Set(skip, call("slice", skip, Lit(1)))
        st.emit(go.If(go.Atom(skip), (passed,), (go.If(go.Atom(quoted), inside, outside),)))

    idioms.scan(st, source, body)


def _inside(st: State, here: Expr, c: Expr, skip: go.Var, quoted: go.Var) -> Nodes:
    """A byte inside a JSON text."""
    escape: Nodes = (go.Print(call("printf", Lit("%.2s"), here)), go.Set(skip, Lit(".")))
    for written, plain in reversed(_UNESCAPED):
        hit = go.equal(call("printf", Lit("%.6s"), here), Lit(written))
        escape = (go.If(hit, (go.Text(plain), go.Set(skip, Lit("....."))), escape),)
    end = (go.Set(quoted, Lit(False)), go.Print(c))
    return (
        go.If(
            go.equal(c, Lit("\\")),
            escape,
            (go.If(go.equal(c, Lit('"')), end, (go.Print(c),)),),
        ),
    )


def _outside(
    here: Expr, c: Expr, skip: go.Var, quoted: go.Var, pad: go.Var | None, style: JsonStyle
) -> Nodes:
    """A byte between JSON texts."""
    start = (go.Set(quoted, Lit(True)), go.Print(c))
    after_comma: Nodes = (go.Text(style.comma), *((go.Print(pad),) if pad else ()))
    rest: Nodes = (go.Print(c),)
    if pad:
        rest = _brackets(here, c, skip, pad, style)
    colon = go.If(go.equal(c, Lit(":")), (go.Text(style.colon),), rest)
    comma = go.If(go.equal(c, Lit(",")), after_comma, (colon,))
    return (go.If(go.equal(c, Lit('"')), start, (comma,)),)


def _brackets(here: Expr, c: Expr, skip: go.Var, pad: go.Var, style: JsonStyle) -> Nodes:
    empty = go.Atom(go.Call("eq", (call("printf", Lit("%.2s"), here), Lit("{}"), Lit("[]"))))
    opening = go.Atom(go.Call("eq", (c, Lit("{"), Lit("["))))
    closing = go.Atom(go.Call("eq", (c, Lit("}"), Lit("]"))))
    deeper = go.Set(pad, call("printf", Lit("%s" + " " * style.indent), pad))
    back = go.Set(pad, call("slice", pad, Lit(0), call("len", call("slice", pad, Lit(style.indent)))))
    whole = (go.Print(call("printf", Lit("%.2s"), here)), go.Set(skip, Lit(".")))
    return (
        go.If(
            empty,
            whole,
            (
                go.If(
                    opening,
                    (deeper, go.Print(c), go.Print(pad)),
                    (go.If(closing, (back, go.Print(pad), go.Print(c)), (go.Print(c),)),),
                ),
            ),
        ),
    )
