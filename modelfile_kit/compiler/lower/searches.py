"""Methods of str that look for a text from the left or the right, and what stands around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Test
from ..values import types
from ..values.types import Const, ListV, Value
from . import idioms
from .control_flow import Raised, Unsupported
from .strings import has, method

if TYPE_CHECKING:
    from .evaluate import Evaluator


def _held(ev: Evaluator, v: Value) -> go.Expr:
    """A text in an expression that can be cut again and again."""
    e = ev.to_go(v)
    return e if isinstance(e, (go.Var, go.Field)) else ev.declare("text", e)


def _wanted(ev: Evaluator, v: Value) -> str:
    if not isinstance(v, Const) or not isinstance(v.value, str) or not v.value:
        raise Unsupported("looking for this text", ev.line)
    return v.value


def _around(ev: Evaluator, e: go.Expr, sep: str, last: bool) -> tuple[Test, go.Var, go.Var]:
    """Whether the separator is there, and what stands before and after its first or last place.

    Without one, what is before the first is the whole text, and what is after the last.
    """
    there = has(ev, types.Str((e,)), Const(sep))
    if last:
        head, tail = idioms.around_last(ev, e, sep)
        return there, head, tail
    return there, idioms.before_first(ev, e, sep), idioms.after_first(ev, e, sep)


@method("find", "rfind", "index", "rindex")
def find(ev: Evaluator, name: str, v: Value, part: Value) -> Value:
    """How many characters stand before; -1 (or an error) where it is not."""
    e, sep = _held(ev, v), _wanted(ev, part)
    there, head, _ = _around(ev, e, sep, name in ("rfind", "rindex"))

    def missing() -> Value:
        if name in ("index", "rindex"):
            raise Raised("substring not found")
        return Const(-1)

    return ev.branch(there, lambda: types.number(ops.CharacterCount(head)), missing)


@method("partition", "rpartition")
def partition(ev: Evaluator, name: str, v: Value, part: Value) -> Value:
    e, sep = _held(ev, v), _wanted(ev, part)
    there, head, tail = _around(ev, e, sep, name == "rpartition")
    between = types.choose(there, Const(sep), types.EMPTY)
    return ListV((types.string(head), between, types.string(tail)))


@method("rsplit")
def rsplit(
    ev: Evaluator, name: str, v: Value, sep: Value = types.NONE, maxsplit: Value | None = None
) -> Value:
    """`rsplit(sep, 1)`; without a limit it is `split`."""
    from .strings import split

    if maxsplit is None:
        return split(ev, "split", v, sep)
    if maxsplit != Const(1):
        raise Unsupported("rsplit with more than one cut", ev.line)
    e = _held(ev, v)
    there, head, tail = _around(ev, e, _wanted(ev, sep), True)
    cut = ListV((types.string(head), types.string(tail)))
    return ev.settle(types.choose(there, cut, ListV((types.string(e),))))


def piece_from_end(ev: Evaluator, v: types.Split, n: int) -> Value:
    """`text.split(sep)[-2]`, and the last pieces of `text.split(sep, 1)`."""
    if v.skip or n < -2 or v.limit not in (-1, 1):
        raise Unsupported("a piece of a text counted from the end", ev.line)
    e = _held(ev, v.text)
    there, head, tail = _around(ev, e, v.sep, v.limit < 0)
    if n == -1:
        return ev.settle(types.choose(there, types.string(tail), types.string(e)))
    last = idioms.after_last(ev, head, v.sep) if v.limit < 0 else head
    return ev.settle(types.choose(there, types.string(last), types.Undef()))


def without_last(ev: Evaluator, v: types.Split) -> Value:
    """`text.split(sep)[:-1]`."""
    e = _held(ev, v.text)
    there, head, _ = _around(ev, e, v.sep, True)
    return ev.settle(types.choose(there, types.Split(types.string(head), v.sep), ListV(())))


@method("count")
def count(ev: Evaluator, name: str, v: Value, part: Value) -> Value:
    from .strings import count_pieces

    assert isinstance(v, (Const, types.Str))
    pieces = count_pieces(ev, types.Split(types.as_str(v), _wanted(ev, part)))
    assert isinstance(pieces, types.Int)
    return types.integer(dict(pieces.terms), pieces.const - 1)


@method("removeprefix", "removesuffix")
def remove_affix(ev: Evaluator, name: str, v: Value, affix: Value) -> Value:
    e, text = _held(ev, v), _wanted(ev, affix)
    size = go.Lit(len(text.encode()))
    if name == "removeprefix":
        test, rest = idioms.starts_with(e, text), go.call("slice", e, size)
    else:
        test = idioms.ends_with(e, text)
        rest = go.call("slice", e, go.Lit(0), go.call("len", go.call("slice", e, size)))
    return ev.branch(ev.facts.simplify(test), lambda: types.string(rest), lambda: types.string(e))
