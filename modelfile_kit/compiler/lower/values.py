"""JSON values of tool arguments and schemas, whose type only shows at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Expr, Field, Lit, Test, call
from ..values import types
from ..values.types import Const, DictV, ListV, Obj, Undef, Value
from .control_flow import Unsupported

if TYPE_CHECKING:
    from .evaluate import Evaluator


def is_kind(e: Expr, kind: str) -> Test:
    """Whether a JSON value is of a Go type, by the name `%T` prints."""
    return go.equal(call("printf", Lit("%T"), e), Lit(kind))


def is_whole(ev: Evaluator, e: Expr) -> Test:
    """Ollama's numbers are floats; one without a fraction prints the same as a whole one."""
    return go.both(is_kind(e, "float64"), go.equal(call("printf", Lit("%.0f"), e), call("json", e)))


def printed(ev: Evaluator, v: Obj) -> Value:
    """Python's str() of Go data."""
    if v.kind == "any":
        return _printed_any(ev, v.expr)
    from .python_repr import representation

    return types.text(*representation(ev, v))


def _printed_any(ev: Evaluator, e: Expr) -> Value:
    ev.require("range_int", "printing a JSON value")
    return types.choose(
        ev.facts.simplify(is_kind(e, "string")), types.string(e), types.string(ops.PythonStr(e))
    )


def never_printed(text: str) -> bool:
    """Whether Python's str() of a JSON value that is no text cannot be this, in whatever case."""
    return (
        text.lower() not in ("true", "false", "none", "nan", "infinity") and text[:1] not in "[{-0123456789"
    )


def printing_any(ev: Evaluator, e: Expr) -> go.Nodes:
    """Statements that print a JSON value as Python's str() does."""
    from .python_repr import rewriting

    words = go.If(go.Atom(e), (go.Text("True"),), (go.Text("False"),))
    number: go.Node = go.Print(call("json", e))
    none = go.If(is_kind(e, "<nil>"), (go.Text("None"),), (number,))
    scalar = go.If(is_kind(e, "bool"), (words,), (none,))
    nested = go.either(is_kind(e, "map[string]interface {}"), is_kind(e, "[]interface {}"))
    return (go.If(is_kind(e, "string"), (go.Print(e),), (go.If(nested, rewriting(ev, e), (scalar,)),)),)


def has_key(ev: Evaluator, v: Obj, needle: Value) -> Test:
    """`key in mapping` or `x in list`."""
    from .attributes import MESSAGE_KEYS, item
    from .tools import as_map

    if v.kind == "propmap":
        return has_key(ev, as_map(v), needle)  # type: ignore[arg-type]
    if v.kind == "msg" and isinstance(needle, Const):
        if needle.value not in MESSAGE_KEYS:
            return go.FALSE
        found = item(ev, v, needle)
        return ev.truth(ev.lift(found, lambda x: Const(not isinstance(x, Undef))))
    if v.kind in ("call", "fn", "tool", "toolfn", "params", "prop") and isinstance(needle, Const):
        found = item(ev, v, needle)
        return ev.truth(ev.lift(found, lambda x: Const(not isinstance(x, Undef))))
    if v.kind == "strs":
        from .lists import in_strings

        return in_strings(ev, v, needle)
    if v.kind in ("args", "any", "props") and types.is_text(needle):
        found = at_key(ev, v, needle)
        key_there = ev.truth(ev.lift(found, lambda x: Const(not isinstance(x, Undef))))
        if v.kind != "any":
            return key_there
        listed = is_kind(v.expr, "[]interface {}")
        listed_there = ev.branch(listed, lambda: types.boolean(_listed(ev, v, needle)), lambda: types.FALSE)
        return go.either(key_there, ev.truth(listed_there))
    if v.kind == "list":
        return _listed(ev, v, needle)
    raise Unsupported(f"`in` a {v.kind}", ev.line)


def _listed(ev: Evaluator, v: Obj, needle: Value) -> Test:
    """`x in list` of JSON values."""
    found = ev.declare("found", Lit(False))
    loop = ev.fresh()
    item = go.Item(loop)
    hit = go.both(is_kind(item, "string"), go.equal(item, ev.to_go(needle)))
    ev.emit(go.Range(loop, v.expr, (go.If(hit, (go.Set(found, Lit(True)),)),)))
    return go.Atom(found)


def at_key(ev: Evaluator, v: Obj, key: Value) -> Value:
    """`mapping[key]`; a key that holds null is taken as absent, which Go cannot tell apart."""
    if not types.is_text(key):
        raise Unsupported("an element of a JSON value by this key", ev.line)
    name = str(key.value) if isinstance(key, Const) else ""
    found = call("index", v.expr, ev.to_go(key))
    if v.kind == "props":
        there: Test = go.Atom(go.Field(found, "Type"))
        return ev.settle(types.choose(ev.facts.simplify(there), Obj("prop", found), Undef(name)))
    there = go.negate(is_kind(found, "<nil>"))
    if v.kind == "any":
        there = go.both(is_kind(v.expr, "map[string]interface {}"), there)
    return ev.settle(types.choose(ev.facts.simplify(there), Obj("any", found), Undef(name)))


def _sort_key(e: types.Entry) -> tuple[str, str | int | float | bool | None]:
    """Jinja's dictsort looks at texts without regard to case."""
    return (e.key.lower(), "") if isinstance(e.key, str) else ("", e.key)


def pairs(ev: Evaluator, v: Value, sort: bool = False) -> Value:
    """`mapping.items()`."""
    from .tools import as_map, dictionary_of

    if isinstance(v, Obj) and (known := dictionary_of(ev, v)) is not None:
        v = known
    if isinstance(v, DictV):
        entries = tuple(sorted(v.entries, key=_sort_key)) if sort else v.entries
        if all(e.present == go.TRUE for e in entries):
            return ListV(tuple(ListV((Const(e.key), e.value)) for e in entries))
        return types.Items(entries)
    if isinstance(v, Obj) and v.kind == "propmap" and not sort:
        return Obj("pairs:propmap", Field(v.expr, "All"))
    v = as_map(v)
    if isinstance(v, Obj) and v.kind in ("args", "props", "any"):
        return Obj("pairs:" + v.kind, v.expr)
    raise Unsupported("the items of this mapping", ev.line)
