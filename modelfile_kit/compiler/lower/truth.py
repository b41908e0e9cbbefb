"""Python's truth of a value as a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Test
from ..values import types
from ..values.types import Value

if TYPE_CHECKING:
    from .evaluate import Evaluator

# Go data whose truth in Go is not Python's (structs and pointers) and which is never empty.
ALWAYS = ("msg", "call", "fn", "tool", "toolfn", "params")


def truth_of(ev: Evaluator, v: Value) -> Test:
    """The test that Python's `bool(v)` is."""
    if isinstance(v, types.Const):
        return go.Truth(bool(v.value))
    if isinstance(v, types.Undef):
        return go.FALSE
    if isinstance(v, types.Bool):
        return v.test
    if isinstance(v, types.Str):
        return go.TRUE if v.nonempty else go.either(*(_part(ev, p) for p in v.parts))
    if isinstance(v, types.Int):
        if len(v.terms) == 1 and v.const == 0:
            return go.Atom(v.terms[0][0])
        from .compare import compare

        return go.negate(truth_of(ev, compare(ev, "eq", v, types.Const(0))))
    if isinstance(v, types.Obj):
        return _obj(ev, v)
    if isinstance(v, types.Cond):
        return _choice(v.test, truth_of(ev, v.then), truth_of(ev, v.orelse))
    if isinstance(v, types.ListV):
        return go.Truth(bool(v.items))
    if isinstance(v, types.Query):
        from .lazy_selections import some

        return some(ev, v)
    if isinstance(v, types.Markup):
        return truth_of(ev, v.text)
    if isinstance(v, types.Built):
        return truth_of(ev, v.text)
    if isinstance(v, types.DictV):
        return go.either(*(e.present for e in v.entries))
    return go.TRUE


def _obj(ev: Evaluator, v: types.Obj) -> Test:
    if v.kind in ALWAYS:
        return go.TRUE
    if v.kind == "msgs" and v.expr == go.Root("Messages"):
        return go.TRUE
    if v.kind == "propmap":
        return go.Atom(go.Field(v.expr, "Len"))
    return go.Atom(v.expr)


def _part(ev: Evaluator, p: types.Part) -> Test:
    if isinstance(p, str):
        return go.TRUE
    if isinstance(p, types.Choice):
        return _choice(p.test, truth_of(ev, p.then), truth_of(ev, p.orelse))
    if isinstance(p, types.PictureTags):
        return go.TRUE
    from .text import text_to_go

    if isinstance(p, ops.ChangeCase):
        p = p.operand
    if isinstance(p, ops.Strip):
        # what is all white space from the start is so to the end
        p = ops.Strip(p.operand, p.chars, right=False)
    if isinstance(p, (types.Block, types.PictureText, ops.Rewrite)):
        return go.Atom(text_to_go(ev, types.Str((p,))))
    return go.Atom(p)


def _choice(test: Test, then: Test, orelse: Test) -> Test:
    value = types.test_of(types.choose(test, types.boolean(then), types.boolean(orelse)))
    assert value is not None
    return value
