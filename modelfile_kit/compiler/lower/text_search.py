"""Looking into a text: what is in it, and what stands around it."""

from __future__ import annotations

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Test
from ..values.known import Const
from ..values.text import Str
from ..values.value import Value
from . import idioms
from .control_flow import Unsupported
from .state import State


def has(st: State, hay: Value, needle: Value) -> Test:
    """`needle in hay` for texts."""
    if not isinstance(needle, Const):
        return idioms.contains_unknown(st, st.to_go(hay), st.to_go(needle))
    part = str(needle.value)
    if isinstance(hay, Const):
        return go.Truth(part in str(hay.value))
    assert isinstance(hay, Str)
    if any(isinstance(p, str) and part in p for p in hay.parts) or not part:
        return go.TRUE
    e = st.to_go(hay)
    key = ops.Contains(e, part)
    known = st.worked_out.get(key)
    if known and known.id in st.visible():
        return go.Atom(known)
    test = idioms.contains(st, e, part, "has_" + (_word(part) or "part"))
    if isinstance(test, go.Atom) and isinstance(test.expr, go.Var):
        st.worked_out[key] = test.expr
    return test


def _word(text: str) -> str:
    return "".join(c for c in text if c.isascii() and c.isalnum())[:20]


def held(st: State, v: Value) -> go.Expr:
    """A text in an expression that can be cut again and again."""
    e = st.to_go(v)
    return e if isinstance(e, (go.Var, go.Field)) else st.declare("text", e)


def wanted(st: State, v: Value) -> str:
    if not isinstance(v, Const) or not isinstance(v.value, str) or not v.value:
        raise Unsupported("searching for an unknown or empty text", st.line)
    return v.value


def around(
    st: State, e: go.Expr, sep: str, last: bool, *, apart: bool = False
) -> tuple[Test, go.Var, go.Var]:
    """Whether the separator is there, and what stands before and after its first or last place.

    Without one, what is before the first is the whole text, and what is after the last. apart: the last one
    that split() finds, from the left.
    """
    there = has(st, Str((e,)), Const(sep))
    if last:
        head, tail = idioms.around_last(st, e, sep, apart=apart)
        return there, head, tail
    return there, idioms.before_first(st, e, sep), idioms.after_first(st, e, sep)
