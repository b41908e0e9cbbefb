"""Lists and dictionaries as Python's str() writes them, made from Go's JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Expr, Lit, Nodes, call
from ..values import types
from ..values.types import Const, DictV, ListV, Obj, Part, Str, Value
from . import idioms
from .control_flow import Unsupported

if TYPE_CHECKING:
    from .evaluate import Evaluator


def representation(ev: Evaluator, v: Value) -> tuple[Part, ...]:
    """The parts of `repr(v)`."""
    v = ev.settle(v)
    if isinstance(v, types.Cond):
        cond = v

        def half(x: Value) -> Callable[[], Value]:
            return lambda: types.text(*representation(ev, x))

        return ev.parts(ev.branch(cond.test, half(cond.then), half(cond.orelse)))
    if isinstance(v, Const):
        return (repr(v.value),)
    if isinstance(v, types.Bool):
        return (types.Choice(v.test, Str(("True",)), Str(("False",))),)
    if isinstance(v, types.Int):
        return (call("print", ev.to_go(v)),)
    if isinstance(v, ListV):
        inside: list[Part] = []
        for n, x in enumerate(v.items):
            inside += [", " if n else "", *representation(ev, x)]
        return ("[", *inside, "]")
    if isinstance(v, DictV):
        return _dictionary(ev, v)
    if isinstance(v, Str):
        _note(ev)
        return (ops.PythonRepr(ev.to_go(v)),)
    if isinstance(v, Obj):
        return _object(ev, v)
    raise Unsupported("printing this as Python writes it", ev.line)


def _note(ev: Evaluator) -> None:
    """Which characters Python escapes is a table that a template has no room for."""
    ev.note(
        "MK623",
        "a list or mapping is printed as Python writes it, but for characters that Python would escape",
        "exact where texts hold no invisible characters beyond ASCII, such as a no-break space",
    )


def _dictionary(ev: Evaluator, v: DictV) -> tuple[Part, ...]:
    out: list[Part] = ["{"]
    for n, e in enumerate(v.entries):
        if n == 0 and e.present != go.TRUE:
            raise Unsupported("printing a mapping whose first key may be absent", ev.line)
        part = types.text(", " if n else "", repr(e.key) + ": ", *representation(ev, e.value))
        whole = types.as_str(part)
        out += whole.parts if e.present == go.TRUE else [types.Choice(e.present, whole, Str(()))]
    return (*out, "}")


def _object(ev: Evaluator, v: Obj) -> tuple[Part, ...]:
    from .tools import as_dictionary, note_order

    note_order(ev, "args" if v.kind in ("args", "any") else "tools")
    known = as_dictionary(ev, v)
    if known is not None:
        return representation(ev, known)
    if v.kind in ("args", "any", "props", "propmap", "prop", "strs", "list", "proplist"):
        _note(ev)
        return (ops.PythonRepr(v.expr),)
    if v.kind in ("tools", "calls"):
        return (types.Block((_each(ev, v),)),)
    raise Unsupported("printing a list or mapping as Python writes it", ev.line)


def _each(ev: Evaluator, v: Obj) -> go.Node:
    """A list of tools or calls, one after the other."""
    from .slices import element_value
    from .text import printing

    loop = ev.fresh()
    shown = representation(ev, element_value(v.kind, go.Item(loop, v.kind[:-1])))
    between = types.Choice(go.equal(go.Index(loop), Lit(0)), Str(("[",)), Str((", ",)))
    last = go.equal(call("len", call("slice", v.expr, go.Index(loop))), Lit(1))
    close = types.Choice(last, Str(("]",)), Str(()))
    body = printing(types.as_str(types.text(between, *shown, close)).parts)
    return go.Range(loop, v.expr, body, item=v.kind[:-1])


def rewriting(ev: Evaluator, e: Expr) -> Nodes:
    """Statements that print Go's JSON of `e` as Python's repr: other quotes, words and escapes."""
    saved, ev.out = ev.out, []
    source = ev.declare("json", call("json", e))
    skip = ev.declare("skip", Lit(""))
    quote = ev.declare("quote", Lit(""))

    def body(i: Expr) -> None:
        here = call("slice", source, i)
        c = ev.declare("c", call("slice", here, Lit(0), Lit(1)))
        passed = go.Set(skip, call("slice", skip, Lit(1)))
        inside, outside = _inside(here, c, skip, quote), _outside(ev, here, c, skip, quote)
        ev.emit(go.If(go.Atom(skip), (passed,), (go.If(go.Atom(quote), inside, outside),)))

    idioms.scan(ev, source, body)
    nodes, ev.out = tuple(ev.out), saved
    return nodes


def _starts(here: Expr, text: str) -> go.Test:
    return go.equal(call("printf", Lit(f"%.{len(text)}s"), here), Lit(text))


def _inside(here: Expr, c: Expr, skip: go.Var, quote: go.Var) -> Nodes:
    """A byte inside a text: JSON's escapes become Python's."""
    escape: Nodes = (go.Print(call("printf", Lit("%.2s"), here)), go.Set(skip, Lit(".")))
    plain = [("\\u003c", "<"), ("\\u003e", ">"), ("\\u0026", "&"), ("\\b", "\\x08"), ("\\f", "\\x0c")]
    for written, shown in [*plain, ("\\u2028", "\\u2028"), ("\\u2029", "\\u2029")]:
        hit = (go.Text(shown), go.Set(skip, Lit("." * (len(written) - 1))))
        escape = (go.If(_starts(here, written), hit, escape),)
    control = (
        go.Text("\\x"),
        go.Print(call("printf", Lit("%.2s"), call("slice", here, Lit(4)))),
        go.Set(skip, Lit(".....")),
    )
    escape = (go.If(_starts(here, "\\u00"), control, escape),)
    for written, shown in plain[:3]:
        escape = (go.If(_starts(here, written), (go.Text(shown), go.Set(skip, Lit("....."))), escape),)
    quoted = (go.Text('"'), go.Set(skip, Lit(".")))
    escape = (go.If(_starts(here, '\\"'), quoted, escape),)
    end = (go.Print(quote), go.Set(quote, Lit("")))
    apostrophe = go.both(go.equal(c, Lit("'")), go.equal(quote, Lit("'")))
    rest: Nodes = (go.If(apostrophe, (go.Text("\\'"),), (go.Print(c),)),)
    return (go.If(go.equal(c, Lit("\\")), escape, (go.If(go.equal(c, Lit('"')), end, rest),)),)


def _outside(ev: Evaluator, here: Expr, c: Expr, skip: go.Var, quote: go.Var) -> Nodes:
    """A byte between texts; a text with an apostrophe and no double quote is put in double quotes."""
    saved, ev.out = ev.out, []
    state = ev.declare("inside", Lit(""))
    single = ev.declare("single", Lit(False))
    double = ev.declare("double", Lit(False))
    after = ev.declare("text", call("slice", here, Lit(1)))

    def body(k: Expr) -> None:
        x = ev.declare("x", call("slice", call("slice", after, k), Lit(0), Lit(1)))
        escaped = go.If(go.equal(x, Lit('"')), (go.Set(double, Lit(True)),))
        found = go.If(go.equal(x, Lit("'")), (go.Set(single, Lit(True)),))
        ev.emit(
            go.If(
                go.Atom(state),
                (escaped, go.Set(state, Lit(""))),
                (
                    go.If(
                        go.equal(x, Lit("\\")),
                        (go.Set(state, Lit(".")),),
                        (go.If(go.equal(x, Lit('"')), (go.Break(),), (found,)),),
                    ),
                ),
            )
        )

    idioms.scan(ev, after, body, "k")
    pick = go.If(
        go.both(go.Atom(single), go.negate(go.Atom(double))),
        (go.Set(quote, Lit('"')),),
        (go.Set(quote, Lit("'")),),
    )
    ev.emit(pick, go.Print(quote))
    opening, ev.out = tuple(ev.out), saved
    rest: Nodes = (go.Print(c),)
    for mark in (":", ","):
        rest = (go.If(go.equal(c, Lit(mark)), (go.Text(mark + " "),), rest),)
    for word, shown in (("true", "True"), ("false", "False"), ("null", "None")):
        hit = (go.Text(shown), go.Set(skip, Lit("." * (len(word) - 1))))
        rest = (go.If(_starts(here, word), hit, rest),)
    return (go.If(go.equal(c, Lit('"')), opening, rest),)
