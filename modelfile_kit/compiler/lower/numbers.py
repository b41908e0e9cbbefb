"""Numbers made from other values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..values import types
from ..values.types import Const, Value
from .control_flow import Unsupported

if TYPE_CHECKING:
    from .evaluate import Evaluator


def whole(ev: Evaluator, v: Value, default: Value) -> Value:
    """`v | int`: the number, or the default where it is none."""
    if isinstance(v, types.Undef) or v == types.NONE:
        return default
    if types.is_int(v):
        return v
    if isinstance(v, Const):
        try:
            return Const(int(v.value))  # type: ignore[arg-type]
        except ValueError:
            return _by_way_of_float(v, default)
    if isinstance(v, types.Bool):
        return types.choose(v.test, Const(1), Const(0))
    if isinstance(v, types.Str):
        parts = [p for p in v.parts if not (isinstance(p, str) and p.isspace())]
        one = parts[0] if len(parts) == 1 else None
        if isinstance(one, types.Choice):
            then, orelse = types.text(*one.then.parts), types.text(*one.orelse.parts)
            return ev.branch(one.test, lambda: whole(ev, then, default), lambda: whole(ev, orelse, default))
        if isinstance(one, go.Call) and one.fn == "print" and len(one.args) == 1:
            return types.number(one.args[0])  # what it shows is a number between blanks
    raise Unsupported("a number from this", ev.line)


def _by_way_of_float(v: Const, default: Value) -> Value:
    try:
        return Const(int(float(str(v.value))))
    except (ValueError, OverflowError):
        return default
