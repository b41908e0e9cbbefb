"""JSON values of tool arguments and schemas, whose type only shows at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import go, types
from ..go import Expr, Lit, Test, call
from ..machine import Unsupported
from ..types import Const, DictV, ListV, Obj, Undef, Value

if TYPE_CHECKING:
    from ..evaluate import Evaluator


def is_kind(e: Expr, kind: str) -> Test:
    """Whether a JSON value is of a Go type, by the name `%T` prints."""
    return go.equal(call("printf", Lit("%T"), e), Lit(kind))


def is_whole(ev: Evaluator, e: Expr) -> Test:
    """Ollama's numbers are floats; one without a fraction prints the same as a whole one."""
    return go.both(is_kind(e, "float64"), go.equal(call("printf", Lit("%.0f"), e), call("json", e)))


def ptype_is_one(e: Expr) -> Test:
    """A property's type that is one text."""
    return go.equal(call("len", e), Lit(1))


def printed(ev: Evaluator, v: Obj) -> Value:
    """Python's str() of Go data."""
    if v.kind == "any":
        return _printed_any(ev, v.expr)
    if v.kind == "ptype":
        return types.string(call("print", v.expr))
    raise Unsupported("printing a list or mapping as Python writes it", ev.line)


def _printed_any(ev: Evaluator, e: Expr) -> Value:
    def other() -> Value:
        ev.note("MK621", "a list or mapping may be printed here as Python writes it", "JSON has no such form")
        return types.string(call("json", e))

    def scalar() -> Value:
        yes_or_no = types.choose(go.Atom(e), Const("True"), Const("False"))
        number = types.string(call("json", e))
        return types.choose(
            is_kind(e, "bool"), yes_or_no, types.choose(is_kind(e, "<nil>"), Const("None"), number)
        )

    nested = go.either(is_kind(e, "map[string]interface {}"), is_kind(e, "[]interface {}"))
    return ev.branch(
        is_kind(e, "string"), lambda: types.string(e), lambda: ev.branch(nested, other, scalar)
    )


def has_key(ev: Evaluator, v: Obj, needle: Value) -> Test:
    """`key in mapping` or `x in list`."""
    from .attributes import MESSAGE_KEYS, item

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
    raise Unsupported(f"`in` a {v.kind}", ev.line)


def at_key(ev: Evaluator, v: Obj, key: Value) -> Value:
    """`mapping[key]`."""
    raise Unsupported("an argument or property by its key", ev.line)


def pairs(ev: Evaluator, v: Value, sort: bool = False) -> Value:
    """`mapping.items()`."""
    from .tools import as_dictionary

    if isinstance(v, Obj) and (known := as_dictionary(ev, v)) is not None:
        v = known
    if isinstance(v, DictV):
        entries = tuple(sorted(v.entries, key=lambda e: e.key.lower())) if sort else v.entries
        if all(e.present == go.TRUE for e in entries):
            return ListV(tuple(ListV((Const(e.key), e.value)) for e in entries))
        return types.Items(entries)
    if isinstance(v, Obj) and v.kind in ("args", "props"):
        return Obj("pairs:" + v.kind, v.expr)
    raise Unsupported("the items of this mapping", ev.line)
