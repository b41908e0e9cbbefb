"""Lists and dictionaries as Python's `str()` writes them, made from Go's JSON."""

from __future__ import annotations

from collections.abc import Mapping

from ..ir import nodes as go
from ..ir.nodes import Expr, Lit, Nodes, call
from . import idioms
from .json_types import LIST, MAP, is_kind
from .state import State


def note_escapes(st: State) -> None:
    """Which characters Python escapes is a table that a template has no room for."""
    st.note(
        "MK623",
        "a list or mapping is printed as Python writes it, except for characters that Python would escape",
        "exact unless a text has non-printing characters beyond ASCII, such as a no-break space",
    )


def as_python(st: State, e: Expr) -> Nodes:
    """Statements that print Go's JSON of `e` as Python's repr: other quotes, words and escapes."""
    with st.capture() as written:
        _rewrite(st, e)
    return tuple(written)


def _rewrite(st: State, e: Expr) -> None:
    source = st.declare("json", call("json", e))
    skip = st.declare("skip", Lit(""))
    quote = st.declare("quote", Lit(""))

    def body(i: Expr) -> None:
        here = call("slice", source, i)
        c = st.declare("c", call("slice", here, Lit(0), Lit(1)))
        passed = go.Set(skip, call("slice", skip, Lit(1)))
        inside, outside = _inside(here, c, skip, quote), _outside(st, here, c, skip, quote)
        st.emit(go.If(go.Atom(skip), (passed,), (go.If(go.Atom(quote), inside, outside),)))

    idioms.scan(st, source, body)


def _starts(here: Expr, text: str) -> go.Test:
    return go.equal(call("printf", Lit(f"%.{len(text)}s"), here), Lit(text))


def _inside(here: Expr, c: Expr, skip: go.Var, quote: go.Var) -> Nodes:
    """A byte inside a text: JSON's escapes become Python's."""
    escape: Nodes = (go.Print(call("printf", Lit("%.2s"), here)), go.Set(skip, Lit(".")))
    plain = [("\\b", "\\x08"), ("\\f", "\\x0c"), ("\\u2028", "\\u2028"), ("\\u2029", "\\u2029")]
    for written, shown in plain:
        hit = (go.Text(shown), go.Set(skip, Lit("." * (len(written) - 1))))
        escape = (go.If(_starts(here, written), hit, escape),)
    control = (
        go.Text("\\x"),
        go.Print(call("printf", Lit("%.2s"), call("slice", here, Lit(4)))),
        go.Set(skip, Lit(".....")),
    )
    escape = (go.If(_starts(here, "\\u00"), control, escape),)
    # before other control characters: Go's JSON escapes what could be HTML
    for written, shown in (("\\u003c", "<"), ("\\u003e", ">"), ("\\u0026", "&")):
        escape = (go.If(_starts(here, written), (go.Text(shown), go.Set(skip, Lit("....."))), escape),)
    quoted = (go.Text('"'), go.Set(skip, Lit(".")))
    escape = (go.If(_starts(here, '\\"'), quoted, escape),)
    end = (go.Print(quote), go.Set(quote, Lit("")))
    apostrophe = go.both(go.equal(c, Lit("'")), go.equal(quote, Lit("'")))
    rest: Nodes = (go.If(apostrophe, (go.Text("\\'"),), (go.Print(c),)),)
    return (go.If(go.equal(c, Lit("\\")), escape, (go.If(go.equal(c, Lit('"')), end, rest),)),)


def _outside(st: State, here: Expr, c: Expr, skip: go.Var, quote: go.Var) -> Nodes:
    """A byte between texts; a text with an apostrophe and no double quote is put in double quotes."""
    with st.capture() as opening:
        _choose_quote(st, here, quote)
    rest: Nodes = (go.Print(c),)
    for mark in (":", ","):
        rest = (go.If(go.equal(c, Lit(mark)), (go.Text(mark + " "),), rest),)
    for word, shown in (("true", "True"), ("false", "False"), ("null", "None")):
        hit = (go.Text(shown), go.Set(skip, Lit("." * (len(word) - 1))))
        rest = (go.If(_starts(here, word), hit, rest),)
    return (go.If(go.equal(c, Lit('"')), tuple(opening), rest),)


def _choose_quote(st: State, here: Expr, quote: go.Var) -> None:
    """Looks through a text for an apostrophe and a double quote; prints the quote that it is put in."""
    state = st.declare("inside", Lit(""))
    single = st.declare("single", Lit(False))
    double = st.declare("double", Lit(False))
    after = st.declare("text", call("slice", here, Lit(1)))

    def body(k: Expr) -> None:
        x = st.declare("x", call("slice", call("slice", after, k), Lit(0), Lit(1)))
        escaped = go.If(go.equal(x, Lit('"')), (go.Set(double, Lit(True)),))
        found = go.If(go.equal(x, Lit("'")), (go.Set(single, Lit(True)),))
        st.emit(
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

    idioms.scan(st, after, body, "k")
    pick = go.If(
        go.both(go.Atom(single), go.negate(go.Atom(double))),
        (go.Set(quote, Lit('"')),),
        (go.Set(quote, Lit("'")),),
    )
    st.emit(pick, go.Print(quote))


def printing_any(st: State, e: Expr) -> go.Nodes:
    """Statements that print a JSON value as Python's str() does."""
    return _by_kind(e, go.Print(e), as_python(st, e), ("True", "False", "None"), go.Print(call("json", e)))


def _by_kind(e: Expr, text: go.Node, nested: Nodes, words: tuple[str, str, str], number: go.Node) -> Nodes:
    """What to print for a text, for a mapping or list, for true, false and none, and for a number."""
    true, false, none = map(go.Text, words)
    truth = go.If(go.Atom(e), (true,), (false,))
    scalar = go.If(is_kind(e, "bool"), (truth,), (go.If(is_kind(e, "<nil>"), (none,), (number,)),))
    is_nested = go.either(is_kind(e, MAP), is_kind(e, LIST))
    return (go.If(is_kind(e, "string"), (text,), (go.If(is_nested, nested, (scalar,)),)),)


def share_repr(definitions: Mapping[str, Nodes]) -> dict[str, Nodes]:
    """Definitions in which `str` of a mapping or list includes the one of `repr`, in the same case."""
    found = dict(definitions)
    dot = go.Dot()
    words = ("True", "False", "None")
    if {"str", "repr"} <= found.keys():
        shared: Nodes = (go.Include("repr", dot),)
        found["str"] = _by_kind(dot, go.Print(dot), shared, words, go.Print(call("json", dot)))
    for case in ("upper", "lower"):
        name, other = f"{case} of str", f"{case} of repr"
        if {case, name, other} <= found.keys():
            true, false, none = (w.upper() if case == "upper" else w.lower() for w in words)
            text, number = go.Include(case, dot), go.Include(case, call("json", dot))
            found[name] = _by_kind(dot, text, (go.Include(other, dot),), (true, false, none), number)
    return found
