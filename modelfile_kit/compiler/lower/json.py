"""`tojson`: Python's JSON out of Go's.

Go writes compact JSON with `<`, `>`, `&` and two line separators escaped; Python puts blanks after
`:` and `,` and escapes none of them. What is known is written now; the rest of Go's is rewritten
byte by byte in a template of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Expr, Lit, Node, Nodes, call
from ..ir.operations import JsonStyle as Style
from ..values import types
from ..values.types import Const, DictV, ListV, Obj, Part, Str, Undef, Value
from . import idioms
from .control_flow import Raised, Unsupported

if TYPE_CHECKING:
    from .evaluate import Evaluator

# `\u003c` and its like in Go's JSON, and what Python writes.
_UNESCAPED = (
    ("\\u003c", "<"),
    ("\\u003e", ">"),
    ("\\u0026", "&"),
    ("\\u2028", "\u2028"),
    ("\\u2029", "\u2029"),
)


def to_json(
    ev: Evaluator, v: Value, ensure_ascii: Value, indent: Value, separators: Value, sort_keys: Value
) -> Value:
    """`v | tojson(…)`."""
    if ensure_ascii == types.TRUE:
        what = "`tojson` with ensure_ascii: letters beyond ASCII stay as they are"
        ev.note("MK622", what, "exact for texts in ASCII; Go templates cannot write \\u escapes", narrow=True)
    ev.require("range_int", "Python's JSON")
    style = Style()
    if isinstance(indent, Const) and isinstance(indent.value, int) and not isinstance(indent.value, bool):
        style = Style(indent.value, comma=",")
    elif indent != types.NONE:
        raise Unsupported("this indent of tojson", ev.line)
    if isinstance(separators, ListV) and all(isinstance(s, Const) for s in separators.items):
        comma, colon = (str(s.value) for s in separators.items if isinstance(s, Const))
        style = Style(style.indent, comma=comma, colon=colon)
    return types.text(*_parts(ev, v, style, sort_keys == types.TRUE))


def _parts(ev: Evaluator, v: Value, style: Style, sort: bool) -> tuple[Part, ...]:
    v = _settled(ev, v)
    if isinstance(v, types.Cond):
        cond = v

        def half(x: Value) -> Callable[[], Value]:
            return lambda: types.text(*_parts(ev, x, style, sort))

        return ev.parts(ev.branch(cond.test, half(cond.then), half(cond.orelse)))
    if isinstance(v, Const):
        return (json.dumps(v.value, ensure_ascii=False),)
    if isinstance(v, types.Bool):
        return (types.Choice(v.test, Str(("true",)), Str(("false",))),)
    if isinstance(v, types.Int):
        return (call("print", ev.to_go(v)),)
    if isinstance(v, ListV):
        return _sequence(ev, v, style, sort)
    if isinstance(v, DictV):
        return _mapping(ev, v, style, sort)
    if isinstance(v, types.Query) and not v.listed:
        raise Raised("Object of type generator is not JSON serializable")
    if isinstance(v, types.Query) and isinstance(v.over, Obj):
        return (types.Block((_each(ev, v.over, style, sort, v.steps),)),)
    if isinstance(v, Undef):
        raise Raised("Object of type Undefined is not JSON serializable")
    if isinstance(v, Str):
        return (ops.ToJson(ev.to_go(v)),)
    if isinstance(v, Obj):
        return _object(ev, v, style, sort)
    raise Unsupported("tojson of this value", ev.line)


def _settled(ev: Evaluator, v: Value) -> Value:
    """What is known of it here; marked texts and contents with pictures are texts."""
    from .text import words_with_tags

    v = ev.settle(v)
    if isinstance(v, types.Markup):
        return ev.settle(v.text)
    return words_with_tags(v) if isinstance(v, types.Parts) else v


def _sequence(ev: Evaluator, v: ListV, style: Style, sort: bool) -> tuple[Part, ...]:
    if not v.items:
        return ("[]",)
    inner = style.deeper()
    out: list[Part] = ["["]
    for n, x in enumerate(v.items):
        out += [style.comma if n else "", inner.newline, *_parts(ev, x, inner, sort)]
    return (*out, style.newline, "]")


def _mapping(ev: Evaluator, v: DictV, style: Style, sort: bool) -> tuple[Part, ...]:
    entries = sorted(v.entries, key=lambda e: str(e.key)) if sort else v.entries
    if not entries:
        return ("{}",)
    inner = style.deeper()
    out: list[Part] = ["{"]
    for n, e in enumerate(entries):
        if n == 0 and e.present != go.TRUE:
            raise Unsupported("tojson of a mapping whose first key may be absent", ev.line)
        key = json.dumps(_key(e.key), ensure_ascii=False) + style.colon
        part: list[Part] = [style.comma if n else "", inner.newline, key, *_parts(ev, e.value, inner, sort)]
        whole = types.as_str(types.text(*part))
        out += whole.parts if e.present == go.TRUE else [types.Choice(e.present, whole, Str(()))]
    return (*out, style.newline, "}")


def _key(key: str | int | float | bool | None) -> str:
    """A key as JSON writes it: always a text."""
    return key if isinstance(key, str) else json.dumps(key)


def _object(ev: Evaluator, v: Obj, style: Style, sort: bool) -> tuple[Part, ...]:
    from .tools import as_dictionary, note_order

    known = as_dictionary(ev, v)
    if known is not None:
        note_order(ev, "tools")
        return _parts(ev, known, style, sort)
    if v.kind in ("propmap", "args", "any", "props", "prop", "strs", "list", "proplist"):
        note_order(ev, "args" if v.kind in ("args", "any") else "tools")
        return (ops.ToJson(v.expr, style),)
    if v.kind in ("tools", "calls"):
        return (types.Block((_each(ev, v, style, sort),)),)
    raise Unsupported(f"tojson of a {v.kind}", ev.line)


def _each(ev: Evaluator, v: Obj, style: Style, sort: bool, steps: tuple[types.Step, ...] = ()) -> Node:
    """A JSON list of tools or calls, one after the other."""
    from .lazy_selections import apply
    from .slices import element_value
    from .text import printing

    inner = style.deeper()
    loop = ev.fresh()
    kept, element = apply(ev, steps, element_value(v.kind, go.Item(loop, v.kind[:-1])))
    if kept != go.TRUE:
        raise Unsupported("tojson of a selection", ev.line)
    parts = _parts(ev, element, inner, sort)
    first = Str(("[" + inner.newline,))
    between = types.Choice(go.equal(go.Index(loop), Lit(0)), first, Str((style.comma + inner.newline,)))
    last = go.equal(call("len", call("slice", v.expr, go.Index(loop))), Lit(1))
    close = types.Choice(last, Str((style.newline + "]",)), Str(()))
    body = printing(types.as_str(types.text(between, *parts, close)).parts)
    return go.Range(loop, v.expr, body, item=v.kind[:-1])


def indented(ev: Evaluator, v: Value, width: Value, first: Value) -> Value:
    """`… | tojson(indent=4) | indent(8)`: every level begins further in."""
    if not isinstance(width, Const) or not isinstance(width.value, int) or first != types.FALSE:
        raise Unsupported("indenting an unknown text", ev.line)
    out: list[Part] = []
    for p in types.parts_of(v):  # type: ignore[arg-type]
        if isinstance(p, str):
            out.append(p.replace("\n", "\n" + " " * width.value))
        elif isinstance(p, ops.ToJson):
            out.append(replace(p, style=replace(p.style, base=p.style.base + width.value)))
        else:
            raise Unsupported("indenting an unknown text", ev.line)
    return types.text(*out)


def rewrite(ev: Evaluator, e: Expr, style: Style) -> go.Var:
    """Go's JSON in Python's form, as a variable."""
    from .text import collect

    return collect(ev, rewriting(ev, e, style))


def rewriting(ev: Evaluator, e: Expr, style: Style) -> Nodes:
    """Statements that print Go's JSON of `e` as Python writes it."""
    saved, ev.out = ev.out, []
    source = ev.declare("json", call("json", e))
    skip = ev.declare("skip", Lit(""))
    quoted = ev.declare("quoted", Lit(False))
    pad = ev.declare("pad", Lit(style.newline)) if style.indent else None

    def body(i: Expr) -> None:
        here = call("slice", source, i)
        c = ev.declare("c", call("slice", here, Lit(0), Lit(1)))
        inside = _inside(ev, here, c, skip, quoted)
        outside = _outside(here, c, skip, quoted, pad, style)
        passed = go.Set(skip, call("slice", skip, Lit(1)))
        ev.emit(go.If(go.Atom(skip), (passed,), (go.If(go.Atom(quoted), inside, outside),)))

    idioms.scan(ev, source, body)
    nodes, ev.out = tuple(ev.out), saved
    return nodes


def _inside(ev: Evaluator, here: Expr, c: Expr, skip: go.Var, quoted: go.Var) -> Nodes:
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


def _outside(here: Expr, c: Expr, skip: go.Var, quoted: go.Var, pad: go.Var | None, style: Style) -> Nodes:
    """A byte between JSON texts."""
    start = (go.Set(quoted, Lit(True)), go.Print(c))
    after_comma: Nodes = (go.Text(style.comma), *((go.Print(pad),) if pad else ()))
    rest: Nodes = (go.Print(c),)
    if pad:
        rest = _brackets(here, c, skip, pad, style)
    colon = go.If(go.equal(c, Lit(":")), (go.Text(style.colon),), rest)
    comma = go.If(go.equal(c, Lit(",")), after_comma, (colon,))
    return (go.If(go.equal(c, Lit('"')), start, (comma,)),)


def _brackets(here: Expr, c: Expr, skip: go.Var, pad: go.Var, style: Style) -> Nodes:
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
